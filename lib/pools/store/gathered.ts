import { ApiError, isTokenRefused } from "../../nomad";
import type { Change } from "./store";

/** Makes changes, each by itself. @returns for each its new version, or undefined where it has another by now */
export type Commit = (changes: readonly Change[], signal: AbortSignal) => Promise<readonly (number | undefined)[]>;

/** Calls once, after so many milliseconds. @returns forgets it */
type Later = (delay: number, run: () => void) => () => void;

const onTimers: Later = (delay, run) => {
  const timer = setTimeout(run, delay);
  return () => clearTimeout(timer);
};

/** A change that somebody waits for. */
interface Waiting {
  readonly change: Change;
  readonly settle: (outcome: Promise<number | undefined>) => void;
}

/** Changes that go in one request. */
interface Batch {
  readonly members: Set<Waiting>;
  readonly controller: AbortController;
}

/**
 * Requests that are under way at once. While so many are, what else is asked for is gathered, and goes with the next: a store that writes every request
 * to its log takes a hundred changes in a few requests in an eighth of the time.
 */
const AT_ONCE = 2;
/**
 * How long a request counts as under way, in milliseconds, which is long for a store that does well: one that hangs holds up nobody who comes later, such as
 * the heartbeat of a manager with all of its leases.
 */
const SLOW = 100;

/**
 * Gathers changes that are asked for at the same time into few requests. One that is asked for alone goes at once.
 *
 * Nobody suffers from those whom he shares a request with: what the store refuses as a whole is asked again one by one, and a request is given up only
 * when nobody waits for any part of it.
 */
export class Gathered {
  readonly #waiting = new Set<Waiting>();
  readonly #batches = new Map<Waiting, Batch>();
  #underWay = 0;

  constructor(
    private readonly commit: Commit,
    /** As many of the first as one request takes, one at least. */
    private readonly firstOf: (changes: readonly Change[]) => readonly Change[],
    private readonly later: Later = onTimers,
  ) {}

  /**
   * @returns its new version, or undefined where it has another by now
   * @throws the signal's reason where that is aborted: then it is not known whether the change was made
   */
  async make(change: Change, signal?: AbortSignal): Promise<number | undefined> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        change,
        settle: (outcome) => {
          signal?.removeEventListener("abort", give);
          outcome.then(resolve, reject);
        },
      };
      const give = () => {
        reject(signal?.reason as Error);
        this.abandon(waiting);
      };
      signal?.addEventListener("abort", give, { once: true });
      this.#waiting.add(waiting);
      this.send();
    });
  }

  private abandon(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    const batch = this.#batches.get(waiting);
    this.#batches.delete(waiting);
    batch?.members.delete(waiting);
    if (batch?.members.size === 0) batch.controller.abort();
  }

  private send(): void {
    while (this.#waiting.size > 0 && this.#underWay < AT_ONCE) {
      const all = [...this.#waiting];
      const next = all.slice(0, this.firstOf(all.map(({ change }) => change)).length);
      for (const each of next) this.#waiting.delete(each);
      this.#underWay += 1;
      let isCounted = true;
      const leave = () => {
        if (!isCounted) return;
        isCounted = false;
        this.#underWay -= 1;
        this.send();
      };
      const forget = this.later(SLOW, leave);
      void this.together(next).finally(() => {
        forget();
        leave();
      });
    }
  }

  /** Never fails: those who wait are told. */
  private async together(next: readonly Waiting[]): Promise<void> {
    const batch: Batch = { members: new Set(next), controller: new AbortController() };
    for (const each of next) this.#batches.set(each, batch);
    const outcome = this.commit(
      next.map(({ change }) => change),
      batch.controller.signal,
    );
    let alone: readonly Waiting[] = [];
    try {
      await outcome;
    } catch (error) {
      if (next.length > 1 && isRefusal(error)) alone = next.filter((each) => batch.members.has(each));
    }
    if (alone.length > 0) {
      for (const each of alone) if (batch.members.has(each)) await this.together([each]);
      return;
    }
    for (const each of next) this.#batches.delete(each);
    next.forEach((each, at) => each.settle(outcome.then((versions) => versions[at])));
  }
}

/**
 * Whether a store has surely done nothing, and it is not known for whose sake: the token may not change one of the keys, or all of it is too much. Whatever
 * else goes wrong may go wrong after it was done.
 */
function isRefusal(error: unknown): boolean {
  return isTokenRefused(error) || (error instanceof ApiError && CERTAIN.has(error.status));
}

const CERTAIN = new Set([400, 403, 409, 413]);
