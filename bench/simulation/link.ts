import { setMaxListeners } from "node:events";
import type { ProcessClock } from "../../__tests__/support/simulated-clock";
import { NoAnswerError } from "../../lib/errors";
import type { Thread } from "./processors";
import type { Quantiles, Random } from "./random";

/** After how long a client gives up a request that nobody answers, in milliseconds. */
const SILENCE = 10_000;

/** What a {@link Link} is made of. */
export interface LinkOptions {
  /** The clock of the process that asks: while that is stopped it takes no answer. */
  readonly clock: ProcessClock;
  readonly thread: Thread;
  readonly random: Random;
  readonly way: Quantiles;
  readonly api: "Nomad" | "Consul";
}

/** The way of one process to one server. */
export class Link {
  /** Nothing gets through, in neither direction. */
  isCut = false;
  /** The part of requests, or of their answers, that is lost, from 0 to 1. */
  loss = 0;

  constructor(private readonly options: LinkOptions) {}

  /**
   * Asks a server.
   *
   * @param cost of the asking process, before the way there and after the way back
   * @throws NoAnswerError where nothing comes back: then it is not known what became of it
   */
  async ask<T>(
    cost: { readonly before: number; readonly after: (answer: T) => number },
    serve: () => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    const { thread } = this.options;
    await thread.work(cost.before);
    await this.travel();
    if (this.isLost()) return this.nothing(signal);
    const answer = await serve();
    await this.travel();
    if (this.isLost()) return this.nothing(signal);
    await thread.work(cost.after(answer));
    // What is done is done; whoever asked has gone.
    signal?.throwIfAborted();
    return answer;
  }

  private isLost(): boolean {
    return this.isCut || (this.loss > 0 && this.options.random.next() < this.loss);
  }

  private async travel(): Promise<void> {
    const { clock, random, way } = this.options;
    await new Promise<void>((resolve) => void clock.after(random.logNormal(way), resolve));
  }

  private async nothing(signal: AbortSignal | undefined): Promise<never> {
    const { clock, api } = this.options;
    await waitFor(clock, SILENCE, signal);
    signal?.throwIfAborted();
    throw new NoAnswerError(api, "silent", `${api} does not answer`);
  }
}

/** Waits for a while, or until a signal is aborted, or until something else wakes it. @param wake is given what ends the waiting; gives what forgets that */
export async function waitFor(
  clock: { after(delay: number, run: () => void): () => void },
  delay: number,
  signal?: AbortSignal,
  wake: (done: () => void) => () => void = () => () => undefined,
): Promise<void> {
  if (signal?.aborted) return;
  if (signal) setMaxListeners(0, signal);
  await new Promise<void>((resolve) => {
    const done = () => {
      forget();
      unwatch();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const forget = clock.after(delay, done);
    const unwatch = wake(done);
    signal?.addEventListener("abort", done);
  });
}
