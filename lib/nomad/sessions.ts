import pLimit, { type Limit } from "p-limit";

/** With the connections that requests take, this leaves some room below the hundred that Nomad allows an address. */
const SESSIONS = 40;
const URGENT = 8;

/** How many sessions with a server are open at once, and which. */
export class Sessions {
  readonly #usual: Limit;
  readonly #urgent = pLimit(URGENT);
  readonly #open = new Set<() => void>();
  #areEnded = false;

  /** @param most how many there are at once. Default: 40 */
  constructor(most = SESSIONS) {
    this.#usual = pLimit(most);
  }

  /**
   * Waits until one more session may be open; those who wait have their turn in the order in which they came.
   *
   * @param options `urgent`: whether it has a turn beside the others, of which there are few, since it ends what holds theirs
   * @returns what gives the turn to the next
   * @throws the signal's reason, where it is aborted meanwhile
   */
  async turn({
    urgent = false,
    signal,
  }: {
    readonly urgent?: boolean;
    readonly signal?: AbortSignal;
  }): Promise<() => void> {
    signal?.throwIfAborted();
    const limit = urgent ? this.#urgent : this.#usual;
    return new Promise((resolve, reject) => {
      const cancel = () => reject(signal?.reason as Error);
      signal?.addEventListener("abort", cancel, { once: true });
      void limit(async () => {
        signal?.removeEventListener("abort", cancel);
        // Who has gone meanwhile gives the turn to the next at once.
        if (!signal?.aborted) await new Promise<void>((release) => resolve(release));
      });
    });
  }

  /** Remembers how to end what was opened. @returns what forgets it */
  opened(end: () => void): () => void {
    this.#open.add(end);
    return () => this.#open.delete(end);
  }

  /** Whether no more may be opened: the client was closed. */
  get areEnded(): boolean {
    return this.#areEnded;
  }

  /** Ends all that are open; those that wait have their turn, and find that no more may be opened. */
  end(): void {
    this.#areEnded = true;
    for (const end of this.#open) end();
  }
}
