import { UserError } from "../../errors";
import { checkProps } from "../../jobspec/host";
import { messageOf } from "../../nomad";
import type { ExecuteOptions, ExecutionResult, Place } from "../execution";
import { Agreement, Duty, PoolRecords, withSize, type PoolRecord } from "../generations";
import {
  firstOffer,
  LeaseBook,
  monotonicClock,
  pause,
  poolKey,
  PoolBusyError,
  type Clock,
  type Lease,
  type LeaseEnd,
} from "../leases";
import { LARGEST_WARM_POOL } from "../jobs";
import { Admission } from "./admission";
import { Claiming, leasedOf } from "./claiming";
import { Commands, goneError, type Command } from "./commands";
import { Endings } from "./endings";
import { KeptContainers } from "./kept";
import { Maintenance } from "./maintenance";
import {
  WARM_POOL,
  type LeasedContainer,
  type WarmPoolClaim,
  type WarmPoolOptions,
  type WarmPoolStatus,
} from "./options";
import { Offer } from "./offer";
import { Probes } from "./probes";
import { offeringOf, statusOf } from "./status";
import { Unplaced } from "./unplaced";
import { ContainerView } from "./view";

const DAY = 86_400_000;
const HEALTHY_WITHIN = 120_000;
/** Between two rounds of maintenance, in milliseconds. */
const ROUND = 1000;
/** Between two looks at how the pool does, in milliseconds. */
const LOOK = 20;
/** How long a container may take to be emptied for its owner, in milliseconds; it is replaced then. */
const EMPTIED = 15_000;

/**
 * A pool of containers that wait to be leased: claimed in milliseconds, with a command's own environment and secrets, and replaced after use. Any
 * number of managers share it by its store.
 *
 * What is given out runs by Nomad, is healthy in Consul, has answered a command, and is not older than the pool allows. A changed job comes up
 * beside the old one, whose leases run on; the pool shrinks by containers that were claimed for that first.
 */
export class WarmPool {
  /** Its leases: for what a pool of containers adds nothing to, such as checking or adopting one. */
  readonly book: LeaseBook;
  readonly #options: WarmPoolOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #view: ContainerView;
  readonly #agreement: Agreement;
  readonly #maintenance: Maintenance;
  readonly #duty: Duty;
  readonly #probes: Probes;
  readonly #kept: KeptContainers;
  readonly #admission: Admission;
  readonly #claiming: Claiming;
  readonly #commands: Commands;
  readonly #offer: Offer;
  readonly #unplaced: Unplaced;
  readonly #stop = new AbortController();
  /** The starts that are under way. */
  readonly #starts = new Set<Promise<void>>();
  #rounds: Promise<void> = Promise.resolve();
  #isStarted = false;
  /** Its book is started once, also where what follows fails and the pool is started again. */
  #hasBook = false;

  constructor(options: WarmPoolOptions) {
    checkProps(options, "WarmPool", WARM_POOL);
    this.#options = options;
    const { nomad, consul, store, pool, job, executor } = options;
    if (job && job.pool !== pool)
      throw UserError.at("job", `is a job of the pool ${job.pool}, and this is the pool ${pool}`, "pool/job");
    this.#clock = options.clock ?? monotonicClock;
    this.#random = options.random ?? Math.random;
    const onTrouble = options.onTrouble ?? (() => undefined);
    const endings = new Endings({
      nomad,
      executor,
      clock: this.#clock,
      pool,
      isTooLarge: (generation) => generation.count > this.#maintenance.targetOf(generation),
      onTrouble,
    });
    this.book = new LeaseBook({
      onTrouble,
      ...options.leases,
      store,
      pool,
      clock: this.#clock,
      candidates: () => this.#offer.candidates(),
      end: (slot, signal) => endings.end(slot, signal),
      onLost: (lease, reason) => this.lose(lease, reason),
      // What goes wrong with it is told by the view, which looks again every second.
      onGap: () => void this.#view.refresh().catch(() => undefined),
    });
    this.#view = new ContainerView({
      nomad,
      consul,
      pool,
      clock: this.#clock,
      random: this.#random,
      onTrouble,
      onChange: () => this.changed(),
    });
    this.#probes = new Probes(executor, this.#clock, () => this.wake(), onTrouble);
    this.#kept = new KeptContainers(
      this.#clock,
      ({ slot }) => this.#offer.has(this.#view.find(slot)),
      (lease) => this.letGo(lease),
    );
    this.#duty = new Duty(store, poolKey(pool, "maintenance"), this.book.manager, this.#clock);
    this.#agreement = new Agreement(new PoolRecords(store, pool, this.#clock), this.book);
    this.#maintenance = new Maintenance({
      nomad,
      view: this.#view,
      book: this.book,
      agreement: this.#agreement,
      duty: this.#duty,
      clock: this.#clock,
      pool,
      job,
      min: options.min,
      max: options.max,
      maxAge: options.maxAge ?? DAY,
      healthyWithin: options.healthyWithin ?? HEALTHY_WITHIN,
      isReady: (container) => this.#offer.isReady(container),
      onTrouble,
    });
    this.#offer = new Offer({
      view: this.#view,
      maintenance: this.#maintenance,
      agreement: this.#agreement,
      probes: this.#probes,
      maxAge: options.maxAge ?? DAY,
    });
    this.#unplaced = new Unplaced(nomad, this.#clock, () => this.#maintenance.current?.job);
    this.#commands = new Commands({ nomad, executor, book: this.book, pool, find: (id) => this.#view.find(id) });
    this.#admission = new Admission({
      pool,
      book: this.book,
      view: this.#view,
      maintenance: this.#maintenance,
      agreement: this.#agreement,
    });
    this.#claiming = new Claiming({
      ...{ pool, store: store.name, book: this.book, clock: this.#clock, signal: this.#stop.signal },
      ...{ view: this.#view, offer: this.#offer, kept: this.#kept, probes: this.#probes, unplaced: this.#unplaced },
      ...{ admission: this.#admission, agreement: this.#agreement, maintenance: this.#maintenance },
    });
  }

  /** Its name. */
  get pool(): string {
    return this.#options.pool;
  }

  /**
   * Sees what is there, brings the pool's job where it is not, and begins to look after the pool. What runs already is taken over as it is.
   * Where it fails it may be called again; {@link stop} lets go of what it began with.
   *
   * @throws what Nomad, Consul or the store says, where it does not answer or refuses; an error where the pool is stopped, before or meanwhile
   */
  async start(): Promise<void> {
    const starting = this.begin();
    this.#starts.add(starting);
    try {
      await starting;
    } finally {
      this.#starts.delete(starting);
    }
  }

  private async begin(): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    await this.#agreement.learn(signal);
    for (const step of [
      () => this.#view.start(),
      () => this.#maintenance.install(signal),
      () => this.startBook(),
      // A container that was leased and ended in between would look as if nobody had ever leased it.
      () => this.#view.refresh(),
    ]) {
      signal.throwIfAborted();
      await step();
    }
    // Whoever stops it waits for this, and lets go of all that was begun with.
    signal.throwIfAborted();
    this.#isStarted = true;
    this.changed();
    this.#rounds = this.maintain();
  }

  private async startBook(): Promise<void> {
    if (this.#hasBook) return;
    await this.book.start();
    this.#hasBook = true;
  }

  /**
   * Stops looking after the pool, also where it is just being started. The leases are handed over: they stand for half a minute without a manager, until another adopts them
   * (`pool.book.adopt(lease)`); the containers run on.
   *
   * @returns the leases
   */
  async stop(): Promise<readonly Lease[]> {
    this.#stop.abort(new Error(`the pool ${this.pool} was stopped; make another to start it again`));
    // What a start waits for is not wanted any more.
    if (!this.#isStarted) this.#view.stop();
    this.#isStarted = false;
    try {
      await Promise.allSettled(this.#starts);
      await this.#rounds;
      // Nobody holds these: they are replaced.
      await Promise.allSettled((await this.#kept.forget()).map((lease) => this.book.release(lease)));
      await this.#duty.leave().catch(() => undefined);
      return await this.book.handOver();
    } finally {
      this.#view.stop();
    }
  }

  /**
   * Leases a container.
   *
   * @throws PoolBusyError where none is free in time, and while the pool is drained; UserError where another user has a pool without isolation
   */
  async claim(options: WarmPoolClaim): Promise<LeasedContainer> {
    return this.#claiming.claim(options);
  }

  /**
   * Runs a command in a leased container.
   *
   * @throws LeaseEndedError where the lease is over before or while it runs; what {@link Executor.execute} throws
   */
  async execute(lease: Lease, command: Command, options: ExecuteOptions = {}): Promise<ExecutionResult> {
    return this.#commands.execute(lease, command, options);
  }

  /**
   * Gives a container back. It is stopped and replaced; in a pool with `reuse: "same-owner"` it is emptied, and this manager keeps it for the
   * owner's next claim, which waits for it from this call on. The lease is over either way.
   *
   * @throws LeaseEndedError where the lease has ended before
   */
  async release(lease: Lease): Promise<void> {
    const { slot, owner } = lease;
    if (this.#options.reuse !== "same-owner" || !this.#offer.has(this.#view.find(slot)))
      return this.book.release(lease);
    const isOurs = this.book.renewed(slot)?.claim === lease.claim;
    const emptied = this.empty(lease);
    // From now on the owner's next claim finds it, and waits until it is empty.
    if (isOurs) this.#kept.keep(slot, owner, emptied);
    const kept = await emptied;
    if (kept && !isOurs) this.#kept.keep(slot, owner, Promise.resolve(kept));
  }

  /** The lease of a container, where this manager renews it and somebody was told of it. */
  leaseOf(container: string): Lease | undefined {
    return this.#kept.has(container) ? undefined : this.book.renewed(container);
  }

  /** Takes a lease over that another manager handed over. @throws LeaseEndedError where it has ended */
  async adopt(lease: Lease): Promise<LeasedContainer> {
    const adopted = await this.book.adopt(lease);
    const container = this.#view.find(lease.slot);
    if (container) return leasedOf(adopted, container);
    // Nobody would have it, and this manager would renew it for ever.
    await this.book.release(adopted).catch(() => undefined);
    throw goneError(lease);
  }

  /** Waits until the pool does as it shall. @throws PoolBusyError where it does not in time */
  async until(holds: (status: WarmPoolStatus) => boolean, patience: number): Promise<void> {
    for (const end = this.#clock.now() + patience; !holds(this.status()); await pause(this.#clock, LOOK))
      if (this.#clock.now() > end)
        throw new PoolBusyError(
          this.pool,
          ROUND,
          `the pool ${this.pool} is not as it shall be after ${patience / 1000} s`,
        );
  }

  /**
   * Waits, after {@link start}, until the pool gives out what waits in it already, or none is on its way; and no longer than five seconds for that.
   */
  async firstOffer(): Promise<void> {
    await firstOffer(() => offeringOf(this.status()), this.#clock, this.#stop.signal);
  }

  /** Where the commands of a lease are run. @throws LeaseEndedError where its container is not there any more */
  async placeOf(lease: Lease): Promise<Place> {
    return this.#commands.placeOf(lease);
  }

  /**
   * The pool takes no new leases; its free containers end now, and the leased ones as they are released. So it stays until {@link fill}. To have
   * other containers and go on serving, {@link recycle} it. Once this returns, no manager gives out a container.
   *
   * @returns how many leases stand
   * @throws ManagersBehindError where other managers renew their leases and have not seen it within ten seconds, or four times the leases' ttl where that
   *   is longer: they may give out some still. The pool stays drained; call again, or stop them
   */
  async drain(): Promise<number> {
    const { current } = this.#maintenance;
    const target = current && this.#maintenance.targetOf(current);
    await this.agree((now) => {
      if (now.draining) return now;
      const drained = { ...now, draining: true };
      return current && target !== undefined ? withSize(drained, current.job, target) : drained;
    });
    this.changed();
    this.#kept.sweep(0);
    await this.#agreement.known("that it is drained");
    return this.book.taken().filter(({ state }) => state === "held").length;
  }

  /** Ends a {@link drain}: the pool takes leases again, and has the size that it had. */
  async fill(): Promise<void> {
    await this.agree((now) => (now.draining ? { ...now, draining: false } : now));
    this.changed();
  }

  /**
   * Replaces every container that is there now: those that nobody leases at once, the others when they are released, also where they would be
   * kept for their owner. The pool takes leases as before; what it gives out is new.
   *
   * @returns how many are replaced at once
   */
  async recycle(): Promise<number> {
    const there = this.#view.containers.map(({ id }) => id);
    await this.agree((now) => ({ ...now, worn: [...new Set([...(now.worn ?? []), ...there])] }));
    this.#kept.sweep(0);
    const retired = await Promise.all(there.map((id) => this.book.retire(id)));
    return retired.filter(Boolean).length;
  }

  /**
   * Does nothing where the pool gives out containers.
   *
   * @throws PoolBusyError while the pool is drained: then it gives out none, whatever its size
   */
  refuseDrained(): void {
    this.#claiming.refuseDrained();
  }

  /**
   * Gives the pool a size of its own, whatever the demand, until its job changes. A pool that is drained stays so, and has that size once it is filled.
   *
   * @param containers 0 to 100
   */
  async resize(containers: number): Promise<void> {
    if (!Number.isInteger(containers) || containers < 0 || containers > LARGEST_WARM_POOL)
      throw UserError.at("size", `${containers} is no size of a pool; write 0 to ${LARGEST_WARM_POOL}`, "pool/size");
    const { current } = this.#maintenance;
    if (!current)
      throw UserError.at("size", `the pool ${this.pool} has no job that could be scaled; deploy it first`, "pool/size");
    await this.agree((now) => ({ ...now, size: { job: current.job, containers } }));
    this.changed();
  }

  /** How it does, from memory. */
  status(): WarmPoolStatus {
    return statusOf({
      pool: this.pool,
      book: this.book,
      view: this.#view,
      maintenance: this.#maintenance,
      agreement: this.#agreement,
      isReady: (container) => this.#offer.isReady(container),
    });
  }

  /** Changes what the managers of the pool go by. */
  private async agree(change: (now: PoolRecord) => PoolRecord): Promise<void> {
    await this.#agreement.change(change, this.#stop.signal);
  }

  private changed(): void {
    const { current } = this.#maintenance;
    const containers = this.#view.containers;
    this.#probes.look(containers.filter(({ job, isRunning }) => isRunning && job === current?.job));
    this.wake();
  }

  /** What may be given to somebody has changed. */
  private wake(): void {
    if (this.#isStarted) this.book.wake();
  }

  /** Ends a lease and empties its container for its owner's next claim. @returns the lease that it is kept by; undefined where it is replaced */
  private async empty(lease: Lease): Promise<Lease | undefined> {
    const kept = await this.book.exchange(lease);
    this.#commands.end(lease, "released");
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(EMPTIED)]);
      const place = await this.placeOf(kept);
      signal.throwIfAborted();
      await this.#options.executor.wipe(place, { signal });
      return kept;
    } catch (error) {
      // It is not known to be empty.
      const { slot, pool } = kept;
      if (!this.#stop.signal.aborted)
        this.#options.onTrouble?.(`${slot} of ${pool} could not be emptied and is replaced: ${messageOf(error)}`);
      await this.book.release(kept);
      return undefined;
    }
  }

  private letGo(lease: Lease): void {
    // A lease that has ended meanwhile needs no release.
    this.book.release(lease).catch(() => undefined);
  }

  private lose(lease: Lease, reason: LeaseEnd): void {
    this.#kept.drop(lease.slot);
    this.#commands.end(lease, reason);
  }

  private async maintain(): Promise<void> {
    const { signal } = this.#stop;
    for (let wasWell = true; !signal.aborted;) {
      try {
        await this.#maintenance.round(signal);
        if (this.#duty.held) await this.#admission.look(signal);
        this.#kept.sweep(this.book.waiting);
        this.changed();
        wasWell = true;
      } catch (error) {
        if (signal.aborted) return;
        const message = messageOf(error);
        if (wasWell) this.#options.onTrouble?.(`the pool ${this.pool} is not looked after just now: ${message}`);
        wasWell = false;
      }
      await pause(this.#clock, ROUND * (0.75 + this.#random() / 2), signal);
    }
  }
}
