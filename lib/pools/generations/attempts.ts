import { messageOf } from "../../nomad";

/**
 * Does what is to be done for each of several generations, so that one of which it fails holds up none of the others. Of the same trouble with the
 * same generation it is told once, until that is over.
 */
export class Attempts {
  readonly #told = new Map<string, string>();

  /** @param words what is told of a generation's job, and of what went wrong with it */
  constructor(
    private readonly onTrouble: (message: string) => void,
    private readonly words: (job: string, message: string) => string,
  ) {}

  /**
   * Does it for one.
   *
   * @param signal what fails because of it is not told
   * @returns what went wrong; undefined where it went well
   */
  async of(
    job: string,
    work: () => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<{ readonly error: unknown } | undefined> {
    try {
      await work();
      this.#told.delete(job);
      return undefined;
    } catch (error) {
      if (!signal?.aborted) this.failed(job, error);
      return { error };
    }
  }

  /** Something went wrong with one. */
  failed(job: string, error: unknown): void {
    const message = messageOf(error);
    if (this.#told.get(job) !== message) this.onTrouble(this.words(job, message));
    this.#told.set(job, message);
  }

  /** Forgets all but those that are there still. */
  keep(jobs: Iterable<string>): void {
    const there = new Set(jobs);
    for (const job of this.#told.keys()) if (!there.has(job)) this.#told.delete(job);
  }
}
