import { LeaseEndedError, type Lease, type LeaseEnd } from "../leases";
import { allocationOf } from "./slot-key";

/** Why a lease is over, in words that say what to do. */
const WORDS: Readonly<Record<LeaseEnd, string>> = {
  stale: "somebody else has the slot by now",
  expired: "it was not renewed in time",
  released: "it was released",
  gone: "its sandbox has ended",
};

/** Says that a lease is over. @param why more than its reason says. Default: nothing */
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
  /** Whether it was acquired here: then it stands until it is over. */
  isOwn: boolean;
  /** Calls with it that are under way. */
  calls: number;
}

/** How many leases that are over are told from others without a question, the last ones: the store knows all. */
const REMEMBERED = 1000;

/**
 * The leases that were acquired here, those that are just being used here, and which of them are over. A lease that is over stays so: whoever still
 * has its handle is told why, and what runs under it is given up at once. Handles of other processes are kept for as long as a call with them takes.
 */
export class HeldSlots {
  readonly #held = new Map<string, Held>();
  /** Why the leases that were over last are. */
  readonly #over = new Map<string, Pick<LeaseEndedError, "reason" | "message">>();

  /** A lease was acquired here. @throws LeaseEndedError where it is over already */
  hold(lease: Lease): void {
    this.held(lease).isOwn = true;
  }

  /**
   * Does something with a lease.
   *
   * @param work is given what is aborted when the lease is over
   * @throws LeaseEndedError where it is
   */
  async using<T>(lease: Lease, work: (over: AbortSignal) => Promise<T>): Promise<T> {
    const held = this.held(lease);
    held.calls += 1;
    try {
      return await work(held.over.signal);
    } finally {
      held.calls -= 1;
      if (held.calls === 0 && !held.isOwn && this.#held.get(keyOf(lease)) === held) this.#held.delete(keyOf(lease));
    }
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
    for (const one of this.#held.get(keyOf(lease))?.running ?? []) one.abort();
  }

  /** Says that a lease is over, and why. @returns whether that is new */
  end(error: LeaseEndedError): boolean {
    const key = keyOf(error.lease);
    if (this.#over.has(key)) return false;
    // The error itself would keep its lease and its stack.
    this.#over.set(key, { reason: error.reason, message: error.message });
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
    return [...this.#held.values()].map(({ lease }) => lease).filter((lease) => allocationOf(lease) === allocation);
  }

  /** How many are kept, and how many ends of leases. */
  get size(): { readonly held: number; readonly over: number } {
    return { held: this.#held.size, over: this.#over.size };
  }

  private held(lease: Lease): Held {
    const ended = this.#over.get(keyOf(lease));
    if (ended !== undefined) throw new LeaseEndedError(lease, ended.reason, ended.message);
    const held = this.#held.get(keyOf(lease)) ?? {
      ...{ lease, over: new AbortController(), running: new Set<AbortController>() },
      ...{ isOwn: false, calls: 0 },
    };
    this.#held.set(keyOf(lease), held);
    return held;
  }
}

/** The claim is what nobody else can know. */
function keyOf({ slot, generation, claim }: Lease): string {
  return `${slot} ${generation} ${claim}`;
}
