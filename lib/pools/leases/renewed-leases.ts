import { messageOf } from "../../nomad";
import { ABSENT } from "../store";
import { type BookParts } from "./book-parts";
import { within } from "./decide";
import type { Lease, LeaseEnd } from "./lease";
import { endOf } from "./records";

/** How many leases that are over are remembered, to say why. */
const REMEMBERED = 10_000;

/** The leases that this manager renews, and what became of those that it had. */
export class RenewedLeases {
  readonly #leases = new Map<string, Lease>();
  readonly #claims = new Set<string>();
  /** Claims whose end, or whose beginning, is being written. */
  readonly #underWay = new Set<string>();
  readonly #over = new Map<string, LeaseEnd>();
  readonly #restoring = new Set<string>();
  /** The list of the pool that has to be answered before the view is trusted. */
  #doubtUntil = 0;

  constructor(
    private readonly parts: BookParts,
    private readonly onLost: (lease: Lease, reason: LeaseEnd) => void,
  ) {}

  add(lease: Lease): void {
    this.#leases.set(this.parts.keys.slot(lease.slot), lease);
    this.#claims.add(lease.claim);
  }

  has(lease: Lease): boolean {
    return this.#leases.get(this.parts.keys.slot(lease.slot))?.claim === lease.claim;
  }

  at(slot: string): Lease | undefined {
    return this.#leases.get(this.parts.keys.slot(slot));
  }

  leases(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  clear(): void {
    this.#leases.clear();
    this.#claims.clear();
  }

  /** Whether a claim of this manager is somebody's: held, or just being released. */
  knows(claim: string): boolean {
    return this.#underWay.has(claim) || this.#claims.has(claim);
  }

  /** From now on nothing is believed until the pool was listed anew: others may have ended what this manager could not renew. */
  doubt(): void {
    this.#doubtUntil = this.parts.view.asked + 1;
  }

  /** Whether the view is not believed just now. */
  get doubts(): boolean {
    return this.parts.view.answered < this.#doubtUntil;
  }

  /** How a lease has ended, as far as it is known without asking. */
  endOf(lease: Lease): LeaseEnd | "unknown" | undefined {
    const { view, heartbeat, keys } = this.parts;
    if (!this.has(lease)) return this.#over.get(lease.claim) ?? "unknown";
    if (!heartbeat.isFresh() || this.doubts) return "unknown";
    const key = keys.slot(lease.slot);
    return this.#restoring.has(key) ? "unknown" : endOf(lease, view.slots.get(key)?.record);
  }

  /** A lease is being released: no call with it passes any more. @returns how it has ended before, where it has */
  release(lease: Lease): LeaseEnd | undefined {
    const over = this.#over.get(lease.claim);
    if (over !== undefined || !this.has(lease)) return over;
    this.forget(this.parts.keys.slot(lease.slot), lease);
    this.#underWay.add(lease.claim);
    this.remember(lease.claim, "released");
    return undefined;
  }

  /** Its release was written, or is left to the next look at the pool. */
  released(lease: Lease): void {
    this.#underWay.delete(lease.claim);
    this.remember(lease.claim, "released");
  }

  /** A claim of this manager is being written: what the view shows of it meanwhile is nobody's mistake. */
  expect(claim: string): void {
    this.#underWay.add(claim);
  }

  unexpect(claim: string): void {
    this.#underWay.delete(claim);
  }

  /** Looks whether the pool still has them. */
  look(): void {
    const { view, manager } = this.parts;
    for (const [key, lease] of this.#leases) {
      const record = view.slots.get(key)?.record;
      const end = endOf(lease, record);
      if (end === undefined && record?.manager === manager) continue;
      if (end === "gone" && this.#restoring.has(key)) continue;
      this.forget(key, lease);
      // Another manager adopted it: it stands, and is no longer ours to renew.
      if (end === undefined) continue;
      this.remember(lease.claim, end);
      this.onLost(lease, end);
    }
  }

  /** Puts leases back that a store has lost, which was set back or began anew. @returns when that is done */
  async restore(): Promise<void> {
    const { store, view, clock, ttl, manager, nonce, onTrouble } = this.parts;
    const changes = [...this.#leases]
      .filter(([key]) => !view.slots.has(key))
      .map(([key, { pool: _, ...lease }]) => ({
        key,
        version: ABSENT,
        value: JSON.stringify({ ...lease, state: "held", manager, ttl, over: null, nonce: nonce() }),
      }));
    for (const { key } of changes) this.#restoring.add(key);
    if (changes.length > 0) onTrouble(`${store.name} has lost ${changes.length} leases; they are written again`);
    try {
      const made = await within(clock, ttl, store.name, (signal) => store.change(changes, signal));
      for (const [index, { key, value }] of changes.entries()) {
        const version = made[index];
        if (version !== undefined) view.put(key, value, version);
      }
    } catch (error) {
      onTrouble(`leases are not written again: ${messageOf(error)}`);
    } finally {
      for (const { key } of changes) this.#restoring.delete(key);
      this.look();
    }
  }

  private forget(key: string, { claim }: Lease): void {
    this.#leases.delete(key);
    this.#claims.delete(claim);
  }

  private remember(claim: string, end: LeaseEnd): void {
    this.#over.delete(claim);
    this.#over.set(claim, end);
    const [oldest] = this.#over.keys();
    if (this.#over.size > REMEMBERED && oldest !== undefined) this.#over.delete(oldest);
  }
}
