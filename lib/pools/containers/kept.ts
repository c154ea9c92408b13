import { settledWithin, type Clock, type Lease } from "../leases";

/** How long an emptied container waits for its owner, in milliseconds. */
const PATIENCE = 60_000;

/** A container that its owner may have again, or will have once it is empty. */
interface Kept {
  readonly owner: string;
  /** Its new lease, once it is empty; undefined where it is replaced instead. */
  readonly emptied: Promise<Lease | undefined>;
  /** The new lease, as soon as it is known. */
  lease: Lease | undefined;
  /** Whether a claim waits for it: it is that claim's, and still nobody was told of its lease. */
  isTaken: boolean;
  forget: () => void;
}

/**
 * Containers that were released, are emptied, and wait for the next claim of the same user. Each has a lease of its own, which nobody was told of: so
 * nobody else has the container, and whoever has the lease from before reaches it no more.
 */
export class KeptContainers {
  /** By the container's id, the oldest first. */
  readonly #kept = new Map<string, Kept>();

  constructor(
    private readonly clock: Clock,
    /** Whether a container may still be given out. */
    private readonly isGood: (lease: Lease) => boolean,
    private readonly letGo: (lease: Lease) => void,
  ) {}

  /**
   * Keeps a container, from the moment that it begins to be emptied.
   *
   * @param emptied its new lease; undefined, or a failure, where it is not kept
   */
  keep(container: string, owner: string, emptied: Promise<Lease | undefined>): void {
    const kept: Kept = {
      ...{ owner, emptied: emptied.catch(() => undefined), lease: undefined, isTaken: false, forget: () => undefined },
    };
    this.#kept.set(container, kept);
    void kept.emptied.then((lease) => this.settle(container, kept, lease));
  }

  /** Whether a container is kept, or is being emptied for that: nobody was told of the lease that it has. */
  has(container: string): boolean {
    return this.#kept.has(container);
  }

  /**
   * One of this user's, which is theirs from now on. One that is just being emptied is waited for.
   *
   * @param patience in milliseconds
   */
  async take(owner: string, patience: number, signal?: AbortSignal): Promise<Lease | undefined> {
    const own = [...this.#kept].filter(([, kept]) => kept.owner === owner && !kept.isTaken);
    const ready = own.find(([, { lease }]) => lease !== undefined && this.isGood(lease));
    const [container, kept] = ready ?? own.find(([, { lease }]) => lease === undefined) ?? [];
    if (container === undefined || kept === undefined) return undefined;
    if (kept.lease !== undefined) {
      this.drop(container);
      return kept.lease;
    }
    // Another claim of the same user does not wait for this one.
    kept.isTaken = true;
    await settledWithin(this.clock, patience, [kept.emptied], signal);
    kept.isTaken = false;
    // It may have ended meanwhile, or have been forgotten.
    if (this.#kept.get(container) !== kept || kept.lease === undefined) return undefined;
    this.drop(container);
    return kept.lease;
  }

  /** Forgets a container that is not there any more, or is somebody's. */
  drop(container: string): void {
    this.#kept.get(container)?.forget();
    this.#kept.delete(container);
  }

  /** Lets go of what may not be given out any more, and of some others for callers who wait, the oldest first. */
  sweep(waiting: number): void {
    const leases = this.leases();
    const [good, bad] = [leases.filter(this.isGood), leases.filter((lease) => !this.isGood(lease))];
    for (const lease of [...bad, ...good.slice(0, Math.max(0, waiting - bad.length))]) this.release(lease);
  }

  /** Waits for nobody any more. @returns what was kept */
  async forget(): Promise<readonly Lease[]> {
    const all = [...this.#kept];
    for (const [container] of all) this.drop(container);
    return (await Promise.all(all.map(([, { emptied }]) => emptied))).filter((lease) => lease !== undefined);
  }

  private settle(container: string, kept: Kept, lease: Lease | undefined): void {
    // It has ended meanwhile, or was forgotten.
    if (this.#kept.get(container) !== kept) return;
    if (lease === undefined) return this.drop(container);
    kept.lease = lease;
    kept.forget = this.clock.after(PATIENCE, () => this.release(lease));
  }

  private release(lease: Lease): void {
    this.drop(lease.slot);
    this.letGo(lease);
  }

  private leases(): readonly Lease[] {
    return [...this.#kept.values()].flatMap(({ lease, isTaken }) => (isTaken ? [] : (lease ?? [])));
  }
}
