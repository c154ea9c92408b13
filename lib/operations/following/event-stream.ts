import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../jobspec";
import { ApiError, type NomadClient, type NomadEvent } from "../../nomad";
import type { Changes, FollowOptions } from "./changes";

interface StreamOptions extends FollowOptions {
  /** Called once, where the server will not give the stream. */
  readonly onRefused: (reason: string) => void;
}

/** Nomad sends an empty object every ten seconds; where even that stays away, the connection is dead. */
const SILENCE = 25_000;
/** How long somebody waits before looking again without an event. */
const LOOK_AGAIN = 10_000;
/** The same while there is no stream. */
const LOOK_AGAIN_BLIND = 1000;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5000;

/** One open stream of events, taken up again where it is cut. */
export class EventStream implements Changes {
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Jobs that changed while nobody waited for them. */
  readonly #missed = new Set<string>();
  #open = false;
  #wasOpen = false;
  #index = 0;

  constructor(
    private readonly nomad: NomadClient,
    private readonly options: StreamOptions,
  ) {
    void this.follow();
  }

  async next(job: string, signal?: AbortSignal): Promise<void> {
    if (this.#missed.delete(job) || this.#stop.signal.aborted) return;
    const waiting = this.#waiting.get(job) ?? new Set();
    this.#waiting.set(job, waiting);
    const enough = new AbortController();
    const ends = AbortSignal.any([enough.signal, this.#stop.signal, ...(signal ? [signal] : [])]);
    const wake = () => enough.abort();
    waiting.add(wake);
    try {
      await sleep(this.#open ? LOOK_AGAIN : LOOK_AGAIN_BLIND, undefined, { signal: ends });
    } catch {
      signal?.throwIfAborted();
    } finally {
      waiting.delete(wake);
      this.#missed.delete(job);
    }
  }

  close(): void {
    this.#stop.abort();
  }

  private async follow(): Promise<void> {
    let pause = FIRST_PAUSE;
    while (!this.#stop.signal.aborted) {
      try {
        await this.read(() => (pause = FIRST_PAUSE));
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const refusal = refusalOf(error);
        // A server that gave it before gives it again.
        if (refusal !== undefined && !this.#wasOpen) {
          this.options.onRefused(refusal);
          return;
        }
      }
      if (this.#open) this.options.onTrouble?.("the stream of Nomad's events was cut; taking it up again");
      this.#open = false;
      this.wakeAll();
      // Not all clients of a server that comes back at the same moment.
      await sleep(pause * (0.5 + Math.random()), undefined, { signal: this.#stop.signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  private async read(onOpen: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE);
    try {
      const signal = AbortSignal.any([silence.signal, this.#stop.signal]);
      for await (const batch of this.nomad.events(["Deployment", "Allocation", "Evaluation"], this.#index, signal)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE);
        if (!this.#open) {
          // What changed before it was open is not told.
          this.#open = true;
          this.#wasOpen = true;
          onOpen();
          this.wakeAll();
        }
        if (batch.Index !== undefined) this.#index = batch.Index;
        for (const event of batch.Events ?? []) this.wake(event);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private wake(event: NomadEvent): void {
    const { Allocation, Deployment, Evaluation } = event.Payload ?? {};
    const job = (Allocation ?? Deployment ?? Evaluation)?.JobID;
    if (job === undefined) return;
    const waiting = this.#waiting.get(job);
    if (!waiting || waiting.size === 0) this.#missed.add(job);
    else for (const go of [...waiting]) go();
  }

  private wakeAll(): void {
    for (const waiting of this.#waiting.values()) for (const go of [...waiting]) go();
  }
}

/** Why a server will never give the stream, or undefined where it may give it later. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof UserError) return error.problems[0]?.rule === "token" ? "the token may not" : undefined;
  if (!(error instanceof ApiError)) return undefined;
  const isOff = /event (?:broker|stream)/i.test(error.body);
  return isOff || (error.status >= 400 && error.status < 500 && error.status !== 429) ? error.body.trim() : undefined;
}
