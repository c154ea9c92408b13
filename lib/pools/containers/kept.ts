import type { Clock, Lease } from "../leases";

/** How long an emptied container waits for its owner, in milliseconds. */
const PATIENCE = 60_000;

/** Containers that were emptied and wait for the next claim of the same user. Their leases stand, so that nobody else has them. */
export class KeptContainers {
  readonly #kept = new Map<string, { readonly lease: Lease; readonly forget: () => void }>();

  constructor(
    private readonly clock: Clock,
    private readonly letGo: (lease: Lease) => void,
  ) {}

  has({ slot }: Lease): boolean {
    return this.#kept.has(slot);
  }

  keep(lease: Lease): void {
    const forget = this.clock.after(PATIENCE, () => {
      this.#kept.delete(lease.slot);
      this.letGo(lease);
    });
    this.#kept.set(lease.slot, { lease, forget });
  }

  /** One of this user's, which is theirs from now on. */
  take(owner: string): Lease | undefined {
    for (const { lease } of this.#kept.values()) {
      if (lease.owner !== owner) continue;
      this.drop(lease);
      return lease;
    }
    return undefined;
  }

  drop({ slot }: Lease): void {
    this.#kept.get(slot)?.forget();
    this.#kept.delete(slot);
  }

  /** Waits for nobody any more. @returns what was kept */
  forget(): readonly Lease[] {
    const leases = [...this.#kept.values()].map(({ lease }) => lease);
    for (const lease of leases) this.drop(lease);
    return leases;
  }
}
