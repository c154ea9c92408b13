import { setTimeout as sleep } from "node:timers/promises";
import { apiPath, type ApiPath, type NomadClient } from "../../nomad";
import type { Changes } from "./changes";

const WAIT_SECONDS = 10;
const PAUSE_AFTER_FAILURE = 1000;
const PATHS = [apiPath`/v1/allocations`, apiPath`/v1/deployments`];

/**
 * Two blocking queries, over all allocations and all deployments, however many jobs are followed: whichever moves, everybody looks again.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs#blocking-queries
 */
export class BlockingQueries implements Changes {
  readonly #stop = new AbortController();
  #moved = deferred();

  constructor(private readonly nomad: NomadClient) {
    for (const path of PATHS) void this.follow(path);
  }

  async next(_job: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const interrupted = deferred();
    const onAbort = () => interrupted.resolve();
    signal?.addEventListener("abort", onAbort, { once: true });
    await Promise.race([this.#moved.promise, interrupted.promise]);
    signal?.removeEventListener("abort", onAbort);
    signal?.throwIfAborted();
  }

  close(): void {
    this.#stop.abort();
    this.#moved.resolve();
  }

  private async follow(path: ApiPath): Promise<void> {
    const { signal } = this.#stop;
    for (let index: number | undefined; !signal.aborted;) {
      try {
        index = await this.nomad.http.waitFor(path, { index, seconds: WAIT_SECONDS, signal });
      } catch {
        if (signal.aborted) return;
        await sleep(PAUSE_AFTER_FAILURE * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
      const { resolve } = this.#moved;
      this.#moved = deferred();
      resolve();
    }
  }
}

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
