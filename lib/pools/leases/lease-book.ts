import type { Lease } from "./lease";
import type { ClaimOptions, LeaseBookOptions, LeaseView, PoolState, ReleaseOptions } from "./options";

/**
 * Who has which slot of a pool. Any number of books, in any processes on any machines, share a pool by its store.
 *
 * A claim costs one write while a slot is free; else the caller waits in the order of arrival. What a book leases it renews by itself,
 * until it is released, handed over, or the book is stopped.
 */
export class LeaseBook {
  constructor(readonly options: LeaseBookOptions) {}

  /** This manager's id: its name and something random. */
  get manager(): string {
    throw notYet();
  }

  /**
   * Makes this manager known, and waits for the first view of the pool.
   *
   * @throws what the store says, where it does not answer or refuses
   */
  start(): Promise<void> {
    return Promise.reject(notYet());
  }

  /**
   * Releases every lease of this manager, gives up its places in the queue, and forgets it. To leave the leases alone, use
   * {@link handOver}.
   */
  stop(): Promise<void> {
    return Promise.reject(notYet());
  }

  /**
   * Leases a slot.
   *
   * @throws PoolBusyError where none is free, and the queue is full or the deadline is over; what the signal says, where it is given up;
   *   UserError for an owner or a slot that is no name; what the store says, where it refuses, or does not answer until the deadline
   */
  claim(options: ClaimOptions): Promise<Lease>;
  claim(): Promise<Lease> {
    return Promise.reject(notYet());
  }

  /**
   * Asks whether a lease stands; before every call that presents it. For a lease of this manager it costs nothing, for another's one read.
   *
   * @throws LeaseEndedError where it does not stand
   */
  check(lease: Lease): Promise<void>;
  check(): Promise<void> {
    return Promise.reject(notYet());
  }

  /**
   * The lease that stands on a slot, read from the store, whichever manager claimed it; undefined where none stands. For a service, which knows
   * its callers by tokens and keeps nothing between two calls.
   */
  find(slot: string): Promise<LeaseView | undefined>;
  find(): Promise<LeaseView | undefined> {
    return Promise.reject(notYet());
  }

  /**
   * Begins the time of a lease anew that stands by itself ({@link ClaimOptions.standing}), whichever manager claimed it: a check-and-set write that
   * compares the generation, and not the secret. A lease that a manager renews is only checked.
   *
   * @throws LeaseEndedError where it does not stand
   */
  renew(lease: LeaseView): Promise<void>;
  renew(): Promise<void> {
    return Promise.reject(notYet());
  }

  /**
   * Gives a slot back, whichever manager leased it. It is over once this returns; what is ended is ended after that, by this manager or,
   * should it die, by another.
   *
   * @throws LeaseEndedError where it has ended before
   */
  release(lease: Lease | LeaseView, options?: ReleaseOptions): Promise<void>;
  release(): Promise<void> {
    return Promise.reject(notYet());
  }

  /**
   * Takes a lease over from another manager, or from none, after {@link handOver}: from now on this one renews it.
   *
   * @throws LeaseEndedError where it has ended
   */
  adopt(lease: Lease): Promise<Lease>;
  adopt(): Promise<Lease> {
    return Promise.reject(notYet());
  }

  /**
   * Stops this manager and lets its leases stand on, without one, until somebody adopts them.
   *
   * @param ttl for how long, in milliseconds. Default: 30,000
   * @returns the leases
   */
  handOver(ttl?: number): Promise<readonly Lease[]>;
  handOver(): Promise<readonly Lease[]> {
    return Promise.reject(notYet());
  }

  /**
   * Ends a slot that nobody leases, so that it is never offered again: to shrink a pool, or to replace what is old.
   *
   * @param options `gone`: the slot is not there any more; also a lease of it is over then, and nothing is ended. Default: false
   * @returns whether it was free (or gone): false where it is leased or being ended
   */
  retire(slot: string, options?: { readonly gone?: boolean }): Promise<boolean>;
  retire(): Promise<boolean> {
    return Promise.reject(notYet());
  }

  /** Looks at the candidates again, for those who wait. To be called when they have changed. */
  wake(): void {
    throw notYet();
  }

  /** The pool as it is seen now, from memory. */
  state(): PoolState {
    throw notYet();
  }

  /** The leases that this manager renews. */
  leases(): readonly Lease[] {
    throw notYet();
  }
}

function notYet(): Error {
  return new Error("the lease book is being built");
}
