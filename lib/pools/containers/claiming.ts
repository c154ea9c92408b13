import { CLAIM_TIMEOUT, PoolBusyError, within, type Clock, type Lease, type LeaseBook } from "../leases";
import type { Agreement } from "../generations";
import type { Admission } from "./admission";
import type { KeptContainers } from "./kept";
import type { Maintenance } from "./maintenance";
import type { Offer } from "./offer";
import type { LeasedContainer, WarmPoolClaim } from "./options";
import type { Probes } from "./probes";
import type { Unplaced } from "./unplaced";
import type { Container, ContainerView } from "./view";
import { missingOf, whyBusy } from "./why-busy";
import { shellQuoted } from "../../text";

/** What {@link Claiming} works with. */
export interface ClaimingParts {
  readonly pool: string;
  /** The store's name, for errors. */
  readonly store: string;
  readonly book: LeaseBook;
  readonly clock: Clock;
  readonly view: ContainerView;
  readonly offer: Offer;
  readonly kept: KeptContainers;
  readonly admission: Admission;
  readonly agreement: Agreement;
  readonly maintenance: Maintenance;
  readonly probes: Probes;
  readonly unplaced: Unplaced;
  /** Aborted when the pool is stopped. */
  readonly signal: AbortSignal;
}

/** When it is worth to ask a pool again whose containers go as they come, in milliseconds. */
const SOON = 1000;
/** When it is worth to ask a pool again that somebody drained, in milliseconds: somebody has to fill it first. */
const DRAINED = 10_000;
/** How long a claim waits for the owner's own container to be empty, in milliseconds, and half of its time at most: another may be free meanwhile. */
const OWN = 500;
/** How long Nomad may take to say why containers are missing, in milliseconds, within the time of the claim that is refused. */
const REASONS = 500;
/** How long the store may take to say that a user has a pool without isolation still, in milliseconds, also where the claim's time is over. */
const CONFIRMED = 500;
/** How often a container is claimed anew that turns out to be on its way out. */
const TRIES = 5;

/** Claims of containers: of the owner's own where it is kept, else of any, by users who may have them, and why there is none. */
export class Claiming {
  constructor(private readonly parts: ClaimingParts) {}

  /** @throws as `WarmPool.claim` */
  async claim(options: WarmPoolClaim): Promise<LeasedContainer> {
    this.refuseDrained();
    const { owner, timeout = CLAIM_TIMEOUT, standing, signal, queue = true } = options;
    let end = this.parts.clock.now() + timeout;
    if (this.parts.admission.mustAdmit(owner))
      await this.within(Math.max(1, timeout), signal, (over) => this.parts.admission.admit(owner, over));
    // What is kept is renewed by this manager: whoever wants a lease that stands by itself has another.
    const kept =
      standing === undefined ? await this.parts.kept.take(owner, Math.min(OWN, timeout / 2), signal) : undefined;
    const waiting = kept && this.parts.view.find(kept.slot);
    if (kept && waiting && this.parts.offer.has(waiting)) return leasedOf(kept, waiting);
    // A lease that has ended meanwhile needs no release.
    if (kept) this.parts.book.release(kept).catch(() => undefined);
    // Of one that waits in no queue the timeout is for the store alone.
    if (!queue) end = this.parts.clock.now() + timeout;
    for (let tries = 1; ; tries += 1) {
      const lease = await this.leased({ ...options, timeout: Math.max(0, end - this.parts.clock.now()) });
      const container = this.parts.view.find(lease.slot);
      if (container?.isRunning) return this.admitted(leasedOf(lease, container), end, signal);
      // It was told to stop in this very moment, as all are by a drain.
      await this.parts.book.release(lease).catch(() => undefined);
      this.refuseDrained();
      if (tries >= TRIES)
        throw new PoolBusyError(this.parts.pool, SOON, `the containers of ${this.parts.pool} go as they come`);
    }
  }

  /** Leases a slot. @throws PoolBusyError with why containers are missing, as far as that is known in time */
  private async leased(options: WarmPoolClaim & { readonly timeout: number }): Promise<Lease> {
    const { timeout, queue = true } = options;
    const end = this.parts.clock.now() + timeout;
    // Whoever waits to the end of their time has none left to ask why it was in vain.
    const forget = queue ? this.parts.clock.after(Math.max(0, timeout - REASONS), () => this.askWhy()) : undefined;
    try {
      return await this.parts.book.claim(options);
    } catch (error) {
      if (!(error instanceof PoolBusyError)) throw error;
      // Whoever does not wait is in no queue that would be seen: what is kept for others is replaced for whoever comes next.
      this.parts.kept.sweep(1);
      const patience = queue ? Math.max(0, Math.min(REASONS, end - this.parts.clock.now())) : 0;
      const [view, probes, unplaced] = [this.parts.view, this.parts.probes, this.parts.unplaced];
      throw await whyBusy(error, { view, probes, unplaced, current: this.parts.maintenance.current, patience });
    } finally {
      forget?.();
    }
  }

  /** Gives a container to a user who may have it. @throws PoolBusyError where the pool was drained while it was claimed, or admission asked the store */
  private async admitted(
    container: LeasedContainer,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<LeasedContainer> {
    const { lease } = container;
    try {
      this.refuseDrained();
      const left = Math.max(CONFIRMED, end - this.parts.clock.now());
      if (this.parts.admission.isStrict)
        await this.within(left, signal, (over) => this.parts.admission.confirm(lease.owner, over));
      this.refuseDrained();
      return container;
    } catch (error) {
      // Nobody was told of it, and nothing ran in it.
      await this.parts.book.release(lease, { end: false }).catch(() => undefined);
      throw error;
    }
  }

  private askWhy(): void {
    const { current } = this.parts.maintenance;
    if (current && missingOf(current, this.parts.view) > 0) this.parts.unplaced.look();
  }

  /** Asks the store, no longer than it may take and than this pool is there. */
  private async within<T>(
    limit: number,
    signal: AbortSignal | undefined,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const until = signal ? AbortSignal.any([this.parts.signal, signal]) : this.parts.signal;
    return within(this.parts.clock, limit, this.parts.store, ask, until);
  }

  /** @throws PoolBusyError while the pool is drained: then it gives out no container, whatever its size */
  refuseDrained(): void {
    if (!this.parts.agreement.record.draining) return;
    const message = `the pool ${this.parts.pool} takes no new leases: it is drained; ask again once it is filled: npx cdk-nomad pool fill ${shellQuoted(this.parts.pool)}`;
    throw new PoolBusyError(this.parts.pool, DRAINED, message);
  }
}

/** A container with its lease. */
export function leasedOf(lease: Lease, container: Container): LeasedContainer {
  const { id, job, task, isolation, evaluation, created } = container;
  return { lease, job, place: { allocation: id, task, isolation }, evaluation, created };
}
