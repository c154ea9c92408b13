import { setTimeout as sleep } from "node:timers/promises";
import { apiPath, isClosed, type ApiPath, type NomadClient } from "../../nomad";
import type { Changes } from "./changes";
import { unlessAborted } from "./abort";

const PATHS = [apiPath`/v1/allocations`, apiPath`/v1/deployments`];

/** In milliseconds. */
export interface QueryTiming {
  /** How long a query waits for a change before it is answered without one. */
  readonly wait: number;
  /** The pause after a query that was not answered. */
  readonly pause: number;
}

/** On a busy cluster something is newer all the time, and each answer has everybody ask about their job: milliseconds between two. */
const LEAST = 200;

const TIMING: QueryTiming = { wait: 10_000, pause: 1000 };

/**
 * Two blocking queries, over all allocations and all deployments, however many jobs are watched: whichever is answered, everybody asks
 * about their job again.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs#blocking-queries
 */
export class BlockingQueries implements Changes {
  readonly #stop = new AbortController();
  readonly #timing: QueryTiming;
  /** How many answers there were when each watcher last asked about its job. */
  readonly #seen = new Map<string, number>();
  #answers = 0;
  #next = deferred();

  constructor(
    private readonly nomad: NomadClient,
    timing: Partial<QueryTiming> = {},
  ) {
    this.#timing = { ...TIMING, ...timing };
    for (const path of PATHS) void this.read(path);
  }

  async next(job: string, signal?: AbortSignal, watcher = job): Promise<void> {
    signal?.throwIfAborted();
    // What came while nobody waited for this job is not missed.
    if ((this.#seen.get(watcher) ?? 0) === this.#answers && !this.#stop.signal.aborted)
      await unlessAborted(this.#next.promise, signal);
    this.#seen.set(watcher, this.#answers);
  }

  close(): void {
    this.#stop.abort();
    this.#next.resolve();
  }

  private async read(path: ApiPath): Promise<void> {
    const { signal } = this.#stop;
    const { wait, pause } = this.#timing;
    for (let index: number | undefined; !signal.aborted;) {
      try {
        index = await this.nomad.http.waitFor(path, { index, seconds: wait / 1000, least: LEAST, signal });
      } catch (error) {
        if (signal.aborted || isClosed(error)) return;
        // After a restart indexes may begin anew.
        index = undefined;
        await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
      this.#answers += 1;
      const { resolve } = this.#next;
      this.#next = deferred();
      resolve();
    }
  }
}

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
