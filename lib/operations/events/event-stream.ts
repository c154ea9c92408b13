import { setTimeout as sleep } from "node:timers/promises";
import { ForeignAnswer } from "../../errors";
import { ApiError, isClosed, isTokenRefused, type NomadClient, type NomadEvent } from "../../nomad";
import type { Changes, ChangesOptions } from "./changes";

interface StreamOptions extends ChangesOptions {
  /** Called once, where the server will not give the stream. */
  readonly onRefused: (reason: string) => void;
  readonly timing?: Partial<StreamTiming>;
}

/** In milliseconds. */
export interface StreamTiming {
  /** How long the stream may say nothing before the connection counts as dead. Default: as {@link NomadClient.events} has it. */
  readonly silence?: number;
  /** After how long somebody who waits for a change asks again without an event. */
  readonly askAgain: number;
  /** After how long somebody who waits for a change asks again while there is no stream. */
  readonly askAgainBlind: number;
  /** The first pause before a stream that was cut is opened again; it doubles each time up to the longest. */
  readonly pause: number;
  readonly longestPause: number;
}

const TIMING: StreamTiming = {
  askAgain: 10_000,
  askAgainBlind: 1000,
  pause: 200,
  longestPause: 5000,
};

/**
 * A Nomad takes the connection before it looks at the token, and ends the stream without a word where that may not read it. So many such
 * streams one after another are no restart.
 */
const EMPTY_STREAMS = 3;

/** Of so many jobs it is kept how often they changed. */
const MOST_JOBS = 10_000;

/** One open stream of Nomad's events, opened again where it is cut. */
export class EventStream implements Changes {
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** How many events there were of each job. */
  readonly #events = new Map<string, number>();
  /** How many of them each watcher has heard of: the rest came while it did not wait. Of what nobody has asked about yet, nothing is heard. */
  readonly #heard = new Map<string, number>();
  readonly #timing: StreamTiming;
  #open = false;
  #wasOpen = false;
  #index = 0;

  constructor(
    private readonly nomad: NomadClient,
    private readonly options: StreamOptions,
  ) {
    this.#timing = { ...TIMING, ...options.timing };
    void this.keepOpen();
  }

  async next(job: string, signal?: AbortSignal, watcher = job): Promise<void> {
    signal?.throwIfAborted();
    const events = this.#events.get(job) ?? 0;
    const isMissed = events !== (this.#heard.get(watcher) ?? 0);
    this.#heard.set(watcher, events);
    if (isMissed || this.#stop.signal.aborted) return;
    const waiting = this.#waiting.get(job) ?? new Set();
    this.#waiting.set(job, waiting);
    const enough = new AbortController();
    const ends = AbortSignal.any([enough.signal, this.#stop.signal, ...(signal ? [signal] : [])]);
    const wake = () => enough.abort();
    waiting.add(wake);
    const { askAgain, askAgainBlind } = this.#timing;
    try {
      await sleep(this.#open ? askAgain : askAgainBlind, undefined, { signal: ends });
    } catch {
      signal?.throwIfAborted();
    } finally {
      waiting.delete(wake);
      this.#heard.set(watcher, this.#events.get(job) ?? 0);
    }
  }

  close(): void {
    this.#stop.abort();
  }

  private async keepOpen(): Promise<void> {
    const { pause: first, longestPause } = this.#timing;
    let pause = first;
    let empty = 0;
    let isTold = false;
    while (!this.#stop.signal.aborted) {
      let opened = Infinity;
      try {
        await this.read(() => {
          opened = performance.now();
          empty = 0;
        });
        empty += 1;
        if (empty >= EMPTY_STREAMS && this.refuse("it ends before its first heartbeat, as where the token may not"))
          return;
      } catch (error) {
        if (this.#stop.signal.aborted || isClosed(error)) return;
        const refusal = refusalOf(error);
        if (refusal !== undefined && this.refuse(refusal)) return;
      }
      // One that is cut as soon as it is open is cut the next time, too: it is asked for ever more seldom, and said once.
      if (performance.now() - opened >= longestPause) [pause, isTold] = [first, false];
      if (this.#open && !isTold) {
        this.options.onTrouble?.("the stream of Nomad's events was cut; opening it again");
        isTold = true;
      }
      this.#open = false;
      this.wakeAll();
      // Not all clients of a server that comes back at the same moment.
      await sleep(pause * (0.5 + Math.random()), undefined, { signal: this.#stop.signal }).catch(() => undefined);
      pause = Math.min(pause * 2, longestPause);
    }
  }

  /** Says that there will be no stream; a server that gave it before gives it again. @returns whether it was said */
  private refuse(reason: string): boolean {
    if (this.#wasOpen || this.#stop.signal.aborted) return false;
    this.options.onRefused(reason);
    return true;
  }

  private async read(onOpen: () => void): Promise<void> {
    const topics = ["Deployment", "Allocation", "Evaluation"];
    for await (const batch of this.nomad.events(topics, this.#index, this.#stop.signal, this.#timing.silence)) {
      if (!this.#open) {
        // What changed before it was open is not told.
        this.#open = true;
        this.#wasOpen = true;
        onOpen();
        this.wakeAll();
      }
      // Events that are too long to be read may be anybody's.
      if (batch === undefined) this.wakeAll();
      if (typeof batch?.Index === "number") this.#index = batch.Index;
      for (const event of batch?.Events ?? []) this.wake(event);
    }
  }

  private wake(event: NomadEvent): void {
    const { Allocation, Deployment, Evaluation } = event.Payload ?? {};
    const job = (Allocation ?? Deployment ?? Evaluation)?.JobID;
    if (job === undefined) return;
    const count = (this.#events.get(job) ?? 0) + 1;
    // Those that changed last stand last: what is dispatched has ids without number.
    this.#events.delete(job);
    this.#events.set(job, count);
    const [oldest] = this.#events.keys();
    if (this.#events.size > MOST_JOBS && oldest !== undefined) this.#events.delete(oldest);
    for (const go of [...(this.#waiting.get(job) ?? [])]) go();
  }

  private wakeAll(): void {
    for (const waiting of this.#waiting.values()) for (const go of [...waiting]) go();
  }
}

/** Why a server will never give the stream, or undefined where it may give it later. */
function refusalOf(error: unknown): string | undefined {
  if (isTokenRefused(error)) return "the token may not";
  // What answers in Nomad's place, such as a proxy's page, does so the next time too.
  if (error instanceof ForeignAnswer) return "the answer is no stream of events";
  if (!(error instanceof ApiError)) return undefined;
  const isOff = /event (?:broker|stream)/i.test(error.body);
  return isOff || (error.status >= 400 && error.status < 500 && error.status !== 429) ? error.body.trim() : undefined;
}
