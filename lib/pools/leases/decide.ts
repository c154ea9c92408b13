import { ReadableError } from "../../errors";
import { passingTrouble } from "../../nomad";
import { ABSENT, type Store } from "../store";
import { pause, type Clock } from "./clock";

/** Until when a write is tried, and how. */
export interface Patience {
  readonly clock: Clock;
  /** A moment on that clock. */
  readonly until: number;
  /** How long one request may take, in milliseconds: then it is not known what became of it, and it is asked again. */
  readonly attempt: number;
  /** Gives it up earlier: then it is not known what became of it either. Default: it is given up at the end alone. */
  readonly signal?: AbortSignal;
}

const SHORTEST_PAUSE = 25;
const LONGEST_PAUSE = 400;

/** A request that took too long. What became of it is not known. */
export class SlowStoreError extends ReadableError {
  override readonly name = "SlowStoreError";
  readonly code = "unavailable";

  constructor(
    /** `Consul`, or `Nomad`. */
    readonly store: string,
    milliseconds: number,
  ) {
    super(`${store} took more than ${Math.round(milliseconds)} ms to answer`);
    this.quietly("store");
  }
}

/** Whether asking again may go well. Else the store has refused. */
export function mayPass(error: unknown): boolean {
  return error instanceof SlowStoreError || passingTrouble(error) !== undefined;
}

/**
 * Writes an object by check-and-set, until it is known whether that was done. Where no answer comes, the same is asked again: if it is done
 * then, the first request did nothing, and never will, since the version has changed; if it is refused, what is there tells whose it is.
 *
 * @param onAnew told where it was made by asking again: of an object that was not to be there yet, another one may have come and gone since
 * @returns the new version, or undefined where another write came first
 * @throws what the store said last, where it refuses, or nothing is known until the end
 */
export async function writeDecided(
  store: Store,
  change: { readonly key: string; readonly value: string; readonly version: number },
  patience: Patience,
  onAnew: () => void = () => undefined,
): Promise<number | undefined> {
  const { key, value, version } = change;
  let unsure = false;
  return persist(store, patience, async (signal) => {
    try {
      const made = await store.write(key, value, version, signal);
      if (made !== undefined && unsure) onAnew();
      if (made !== undefined || !unsure) return made;
    } catch (error) {
      unsure = true;
      throw error;
    }
    const found = await store.read(key, signal);
    return found?.value === value ? found.version : undefined;
  });
}

/** Removes an object, until it is known whether that was done. @returns false where it has another version */
export async function removeDecided(store: Store, key: string, version: number, patience: Patience): Promise<boolean> {
  return version === ABSENT || persist(store, patience, (signal) => store.remove(key, version, signal));
}

/** Reads an object, or says what went wrong in the end. */
export async function readDecided(store: Store, key: string, patience: Patience) {
  return persist(store, patience, (signal) => store.read(key, signal));
}

async function persist<T>(store: Store, patience: Patience, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, until, attempt, signal } = patience;
  let said: unknown;
  for (let rest = SHORTEST_PAUSE; ; rest = Math.min(rest * 2, LONGEST_PAUSE)) {
    const limit = Math.max(1, Math.min(attempt, until - clock.now()));
    try {
      return await within(clock, limit, store.name, ask, signal);
    } catch (error) {
      // The last attempt may have a millisecond left: that it took longer tells nobody anything.
      const isCutShort = error instanceof SlowStoreError && limit < attempt;
      if (signal?.aborted || !mayPass(error) || clock.now() + rest >= until)
        throw isCutShort && said !== undefined ? said : error;
      said = error;
    }
    await pause(clock, rest, signal);
  }
}

/**
 * Gives up a request after a while.
 *
 * @param limit in milliseconds
 * @param store its name, for the error
 * @param signal gives it up earlier, also where the store does not listen to that. Default: nothing does
 * @throws SlowStoreError where it took longer; the signal's reason; what the store says
 */
export async function within<T>(
  clock: Clock,
  limit: number,
  store: string,
  ask: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  let forget = (): void => undefined;
  const over = new Promise<never>((_, reject) => {
    const giveUp = (reason: unknown) => {
      reject(reason as Error);
      controller.abort(reason);
    };
    const cancel = () => giveUp(signal?.reason);
    const forgetTimer = clock.after(limit, () => giveUp(new SlowStoreError(store, limit)));
    signal?.addEventListener("abort", cancel);
    forget = () => {
      forgetTimer();
      signal?.removeEventListener("abort", cancel);
    };
  });
  over.catch(() => undefined);
  try {
    return await Promise.race([ask(controller.signal), over]);
  } finally {
    forget();
  }
}
