import type { Clock, Lease } from "../leases";

/** How long an emptied container waits for its owner, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Containers that were emptied and wait for the next claim of the same user. Each has a lease of its own already, which nobody was told of: so
 * nobody else has the container, and whoever has the lease from before reaches it no more.
 */
export class KeptContainers {
  readonly #kept = new Map<string, { readonly lease: Lease; readonly forget: () => void }>();

  constructor(
    private readonly clock: Clock,
    /** Whether a container may still be given out. */
    private readonly isGood: (lease: Lease) => boolean,
    private readonly letGo: (lease: Lease) => void,
  ) {}

  keep(lease: Lease): void {
    const forget = this.clock.after(PATIENCE, () => this.release(lease));
    this.#kept.set(lease.slot, { lease, forget });
  }

  /** Whether one waits for this user. */
  hasFor(owner: string): boolean {
    return this.leases().some((lease) => lease.owner === owner && this.isGood(lease));
  }

  /** One of this user's, which is theirs from now on. */
  take(owner: string): Lease | undefined {
    const lease = this.leases().find((one) => one.owner === owner && this.isGood(one));
    if (lease) this.drop(lease);
    return lease;
  }

  /** It is not there any more. */
  drop({ slot }: Lease): void {
    this.#kept.get(slot)?.forget();
    this.#kept.delete(slot);
  }

  /** Lets go of what may not be given out any more, and of some others for callers who wait, the oldest first. */
  sweep(waiting: number): void {
    const [good, bad] = [this.leases().filter(this.isGood), this.leases().filter((lease) => !this.isGood(lease))];
    for (const lease of [...bad, ...good.slice(0, Math.max(0, waiting - bad.length))]) this.release(lease);
  }

  /** Waits for nobody any more. @returns what was kept */
  forget(): readonly Lease[] {
    const leases = this.leases();
    for (const lease of leases) this.drop(lease);
    return leases;
  }

  private release(lease: Lease): void {
    this.drop(lease);
    this.letGo(lease);
  }

  private leases(): readonly Lease[] {
    return [...this.#kept.values()].map(({ lease }) => lease);
  }
}
