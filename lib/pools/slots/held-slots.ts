import { LeaseEndedError, type Lease, type LeaseEnd } from "../leases";

/** Why a lease is over, in words that say what to do. */
const WORDS: Readonly<Record<LeaseEnd, string>> = {
  stale: "somebody else has the slot by now",
  expired: "it was not renewed in time",
  released: "it was released",
  gone: "its sandbox has ended",
};

/** That a lease is over. @param why more than its reason says. Default: nothing */
export function leaseEnded(lease: Lease, reason: LeaseEnd, why = WORDS[reason]): LeaseEndedError {
  return new LeaseEndedError(
    lease,
    reason,
    `the lease of ${lease.slot} of ${lease.pool} (generation ${lease.generation}) is over: ${why}; acquire another slot`,
  );
}

interface Held {
  readonly lease: Lease;
  readonly over: AbortController;
  /** The commands that run in it. */
  readonly running: Set<AbortController>;
}

/**
 * The leases that were acquired or used here, and which of them are over. A lease that is over stays so: whoever still has its handle is told
 * why, and what runs under it is given up at once.
 */
export class HeldSlots {
  readonly #held = new Map<string, Held>();
  /** Why the leases that were over last are: enough of them for those who hold on to a handle. */
  readonly #over = new Map<string, LeaseEndedError>();

  /**
   * Remembers a lease.
   *
   * @returns what is aborted when it is over
   * @throws LeaseEndedError where it is
   */
  signal(lease: Lease): AbortSignal {
    return this.held(lease).over.signal;
  }

  /** Does something that {@link cancel} gives up. */
  async running<T>(lease: Lease, work: (cancelled: AbortSignal) => Promise<T>): Promise<T> {
    const { running } = this.held(lease);
    const cancel = new AbortController();
    running.add(cancel);
    try {
      return await work(cancel.signal);
    } finally {
      running.delete(cancel);
    }
  }

  /** Gives up what runs in a slot; the lease goes on. */
  cancel(lease: Lease): void {
    for (const one of this.held(lease).running) one.abort();
  }

  /** Says that a lease is over, and why. @returns whether that is new */
  end(error: LeaseEndedError): boolean {
    const key = keyOf(error.lease);
    if (this.#over.has(key)) return false;
    this.#over.set(key, error);
    for (const oldest of this.#over.keys()) {
      if (this.#over.size <= REMEMBERED) break;
      this.#over.delete(oldest);
    }
    const held = this.#held.get(key);
    this.#held.delete(key);
    held?.over.abort(error);
    return true;
  }

  /** Those that are not over, of one sandbox. */
  of(allocation: string): readonly Lease[] {
    return [...this.#held.values()].map(({ lease }) => lease).filter(({ slot }) => slot.startsWith(`${allocation}.`));
  }

  private held(lease: Lease): Held {
    const key = keyOf(lease);
    const ended = this.#over.get(key);
    if (ended !== undefined) throw ended;
    const held = this.#held.get(key) ?? { lease, over: new AbortController(), running: new Set() };
    this.#held.set(key, held);
    return held;
  }
}

const REMEMBERED = 10_000;

function keyOf({ slot, generation }: Pick<Lease, "slot" | "generation">): string {
  return `${slot} ${generation}`;
}
