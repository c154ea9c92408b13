import { messageOf } from "../../nomad";
import { emptied, type BookParts } from "./book-parts";
import type { Lease } from "./lease";
import type { Ledger } from "./ledger";
import { leaseOf } from "./records";
import type { RenewedLeases } from "./renewed-leases";
import type { Standing } from "./standing";

/** How a lease that stands goes from one hand to another: back to the pool, to the same owner anew, to another manager, or to none for a while. */
export class ChangingHands {
  constructor(
    private readonly parts: BookParts,
    private readonly renewed: RenewedLeases,
    private readonly standing: Standing,
    private readonly ledger: Ledger,
  ) {}

  /**
   * The lease is over; its slot is free, or to be ended by this manager.
   *
   * @param end whether what runs in the slot is ended before it is offered again
   * @throws as `LeaseBook.release`
   */
  async release(lease: Lease, end: boolean): Promise<void> {
    const { manager, nonce, ttl } = this.parts;
    this.letGo(lease);
    try {
      await this.ledger.change(lease, (record) =>
        end
          ? { ...record, state: "ending", manager, ttl, over: "released", nonce: nonce() }
          : emptied(record, "released", nonce()),
      );
    } finally {
      this.renewed.released(lease);
    }
  }

  /** The lease is over, and the slot is leased to the same owner by the same write. @throws as `LeaseBook.exchange` */
  async exchange(lease: Lease): Promise<Lease> {
    const { manager, nonce, ttl } = this.parts;
    this.letGo(lease);
    const claim = nonce() + nonce();
    // The view may show the write before its answer is here.
    this.renewed.expect(claim);
    try {
      const record = await this.ledger.change(lease, (held) => ({
        ...{ ...held, generation: held.generation + 1 },
        ...{ manager, ttl, claim, nonce: nonce() },
      }));
      const fresh = leaseOf(lease.pool, record);
      this.renewed.add(fresh);
      return fresh;
    } finally {
      this.renewed.released(lease);
      this.renewed.unexpect(claim);
    }
  }

  /** This manager renews the lease from now on. @throws LeaseEndedError where it has ended */
  async adopt(lease: Lease): Promise<Lease> {
    const { manager, nonce, ttl } = this.parts;
    const record = await this.ledger.change(lease, (held) => ({ ...held, manager, ttl, nonce: nonce() }));
    const adopted = leaseOf(lease.pool, record);
    this.renewed.add(adopted);
    return adopted;
  }

  /** No manager renews the leases of this one from now on. @param ttl for how long they stand @returns those of which that is written */
  async handOver(ttl: number): Promise<readonly Lease[]> {
    const { nonce, onTrouble } = this.parts;
    const handed = await Promise.all(
      this.renewed.leases().map(async (lease) => {
        try {
          return leaseOf(
            lease.pool,
            await this.ledger.change(lease, (record) => ({ ...record, manager: "", ttl, nonce: nonce() })),
          );
        } catch (error) {
          onTrouble(`the lease of ${lease.slot} is not handed over: ${messageOf(error)}`);
          return undefined;
        }
      }),
    );
    this.renewed.clear();
    return handed.filter((lease) => lease !== undefined);
  }

  /** This manager renews it no more, whatever the store says to what follows. @throws LeaseEndedError where it has ended */
  private letGo(lease: Lease): void {
    const ending = this.renewed.release(lease);
    this.standing.forget(lease);
    if (ending !== undefined) throw this.ledger.ended(lease, ending);
  }
}
