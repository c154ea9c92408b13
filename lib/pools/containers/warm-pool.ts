import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../jobspec";
import type { ExecuteOptions, ExecutionResult, Place } from "../execution";
import {
  LeaseBook,
  LeaseEndedError,
  monotonicClock,
  poolKey,
  PoolBusyError,
  type Clock,
  type Lease,
  type LeaseEnd,
} from "../leases";
import { LARGEST_WARM_POOL } from "../jobs";
import { Duty } from "./duty";
import { Endings } from "./endings";
import { generationFrom } from "./generations";
import { KeptContainers } from "./kept";
import { Maintenance } from "./maintenance";
import type { LeasedContainer, WarmPoolClaim, WarmPoolOptions, WarmPoolStatus } from "./options";
import { PoolRecordStore } from "./pool-record";
import { Probes } from "./probes";
import { ContainerView, type Container } from "./view";

const DAY = 86_400_000;
const HEALTHY_WITHIN = 120_000;
/** Between two rounds of maintenance, in milliseconds. */
const ROUND = 1000;
/** Between two looks at how the pool does, in milliseconds. */
const LOOK = 20;
/** How often a container is claimed anew that turns out to be on its way out. */
const TRIES = 5;

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
  readonly #view: ContainerView;
  readonly #maintenance: Maintenance;
  readonly #duty: Duty;
  readonly #probes: Probes;
  readonly #kept: KeptContainers;
  readonly #running = new Map<string, Set<AbortController>>();
  readonly #stop = new AbortController();
  #rounds: Promise<void> = Promise.resolve();
  #isStarted = false;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    const { nomad, consul, store, pool, job, executor } = options;
    if (job && job.pool !== pool)
      throw UserError.at("job", `is a job of the pool ${job.pool}, and this is the pool ${pool}`, "pool/job");
    this.#clock = options.clock ?? monotonicClock;
    const onTrouble = options.onTrouble ?? (() => undefined);
    const endings = new Endings(nomad, pool, (generation) => generation.count > this.#maintenance.targetOf(generation));
    this.book = new LeaseBook({
      onTrouble,
      ...options.leases,
      store,
      pool,
      clock: this.#clock,
      candidates: () => this.candidates(),
      end: (slot, signal) => endings.end(slot, signal),
      onLost: (lease, reason) => this.lose(lease, reason),
    });
    this.#view = new ContainerView({
      nomad,
      consul,
      pool,
      clock: this.#clock,
      onTrouble,
      onChange: () => this.changed(),
    });
    this.#probes = new Probes(executor, this.#clock, () => this.changed());
    this.#kept = new KeptContainers(this.#clock, (lease) => this.letGo(lease));
    this.#duty = new Duty(store, poolKey(pool, "maintenance"), this.book.manager, this.#clock);
    this.#maintenance = new Maintenance({
      nomad,
      view: this.#view,
      book: this.book,
      records: new PoolRecordStore(store, pool),
      duty: this.#duty,
      clock: this.#clock,
      pool,
      job,
      min: options.min,
      max: options.max,
      maxAge: options.maxAge ?? DAY,
      healthyWithin: options.healthyWithin ?? HEALTHY_WITHIN,
      isReady: (container) => this.isReady(container),
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
   * @throws what Nomad, Consul or the store says, where it does not answer or refuses
   */
  async start(): Promise<void> {
    await this.#maintenance.learn();
    await this.#view.start();
    await this.#maintenance.install();
    await this.book.start();
    this.#isStarted = true;
    this.changed();
    this.#rounds = this.maintain();
  }

  /**
   * Stops looking after the pool. The leases are handed over: they stand for half a minute without a manager, until another adopts them
   * (`pool.book.adopt(lease)`); the containers run on.
   *
   * @returns the leases
   */
  async stop(): Promise<readonly Lease[]> {
    this.#stop.abort();
    this.#isStarted = false;
    try {
      await this.#rounds;
      // Nobody holds these: they are replaced.
      await Promise.allSettled(this.#kept.forget().map((lease) => this.book.release(lease)));
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
    if (this.#maintenance.record.draining)
      throw new PoolBusyError(this.pool, ROUND, `the pool ${this.pool} takes no new leases: it is drained`);
    await this.admit(options.owner);
    const kept = this.#kept.take(options.owner);
    if (kept) return this.leased(kept);
    for (let tries = 1; ; tries += 1) {
      const lease = await this.book.claim(options);
      const container = this.find(lease.slot);
      if (container?.isRunning) return this.leased(lease);
      // It was told to stop in this very moment.
      await this.book.release(lease).catch(() => undefined);
      if (tries >= TRIES) throw new PoolBusyError(this.pool, ROUND, `the containers of ${this.pool} go as they come`);
    }
  }

  /**
   * Runs a command in a leased container.
   *
   * @throws LeaseEndedError where the lease is over before or while it runs; what {@link Executor.execute} throws
   */
  async execute(
    lease: Lease,
    command: string | readonly string[],
    options: ExecuteOptions = {},
  ): Promise<ExecutionResult> {
    await this.book.check(lease);
    if (this.#kept.has(lease)) throw new LeaseEndedError(lease, "released", `the lease of ${lease.slot} was released`);
    const place = await this.placeOf(lease);
    const ended = new AbortController();
    const running = this.#running.get(lease.slot) ?? new Set();
    this.#running.set(lease.slot, running.add(ended));
    const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
    try {
      const result = await this.#options.executor.execute(place, command, { ...options, signal });
      if (ended.signal.aborted) throw ended.signal.reason as Error;
      return result;
    } catch (error) {
      if (ended.signal.aborted) throw ended.signal.reason as Error;
      throw error;
    } finally {
      running.delete(ended);
      if (running.size === 0) this.#running.delete(lease.slot);
    }
  }

  /**
   * Gives a container back. It is stopped and replaced; in a pool with `reuse: "same-owner"` it is emptied and kept for its owner.
   *
   * @throws LeaseEndedError where the lease has ended before
   */
  async release(lease: Lease): Promise<void> {
    if (this.#kept.has(lease)) throw new LeaseEndedError(lease, "released", `the lease of ${lease.slot} was released`);
    if (this.#options.reuse === "same-owner" && (await this.emptied(lease))) this.#kept.keep(lease);
    else await this.book.release(lease);
  }

  /** Takes a lease over that another manager handed over. @throws LeaseEndedError where it has ended */
  async adopt(lease: Lease): Promise<LeasedContainer> {
    const adopted = await this.book.adopt(lease);
    if (this.find(lease.slot)) return this.leased(adopted);
    throw new LeaseEndedError(lease, "gone", `the container ${lease.slot} of ${this.pool} is not there any more`);
  }

  /** Waits until the pool does as it shall. @throws PoolBusyError where it does not in time */
  async until(holds: (status: WarmPoolStatus) => boolean, patience: number): Promise<void> {
    for (const end = this.#clock.now() + patience; !holds(this.status()); await sleep(LOOK))
      if (this.#clock.now() > end)
        throw new PoolBusyError(
          this.pool,
          ROUND,
          `the pool ${this.pool} is not as it shall be after ${patience / 1000} s`,
        );
  }

  /** Where the commands of a lease are run. @throws LeaseEndedError where its container is not there any more */
  async placeOf(lease: Lease): Promise<Place> {
    const { slot } = lease;
    const known = this.find(slot);
    if (known) return { allocation: slot, task: known.task, isolation: known.isolation };
    const { nomad } = this.#options;
    const allocation = await nomad.allocation(slot);
    const job = allocation && (await nomad.job(allocation.JobID));
    const generation = generationFrom(job, this.pool);
    if (generation) return { allocation: slot, task: generation.task, isolation: generation.isolation };
    throw new LeaseEndedError(lease, "gone", `the container ${slot} of ${this.pool} is not there any more`);
  }

  /** The pool takes no new leases, and its free containers end, until {@link fill}. @returns how many leases stand */
  async drain(): Promise<number> {
    const { current } = this.#maintenance;
    const usual = current && { job: current.job, containers: this.#maintenance.targetOf(current) };
    await this.#maintenance.agree((now) =>
      now.draining ? now : { ...now, draining: true, ...(usual ? { usual } : {}) },
    );
    this.changed();
    return this.book.state().held;
  }

  /** The pool takes leases again, and has the size that it had. */
  async fill(): Promise<void> {
    await this.#maintenance.agree((now) => (now.draining ? { ...now, draining: false } : now));
    this.changed();
  }

  /** Replaces every container that nobody leases. @returns how many those are */
  async recycle(): Promise<number> {
    const free = this.book.state().slots.filter(({ state }) => state === "free");
    const retired = await Promise.all(free.map(({ slot }) => this.book.retire(slot)));
    return retired.filter(Boolean).length;
  }

  /** Gives the pool a size of its own, whatever the demand, until its job changes. @param containers 0 to 100 */
  async resize(containers: number): Promise<void> {
    if (!Number.isInteger(containers) || containers < 0 || containers > LARGEST_WARM_POOL)
      throw UserError.at("size", `${containers} is no size of a pool; write 0 to ${LARGEST_WARM_POOL}`, "pool/size");
    const { current } = this.#maintenance;
    if (!current)
      throw UserError.at("size", `the pool ${this.pool} has no job that could be scaled; deploy it first`, "pool/size");
    await this.#maintenance.agree((now) => ({ ...now, draining: false, size: { job: current.job, containers } }));
    this.changed();
  }

  /** How it does, from memory. */
  status(): WarmPoolStatus {
    const state = this.book.state();
    const { current, record } = this.#maintenance;
    const containers = this.#view.containers;
    const held = new Set(state.slots.filter((slot) => slot.state === "held").map(({ slot }) => slot));
    const own = containers.filter(({ job }) => job === current?.job);
    return {
      pool: this.pool,
      free: state.free,
      leased: state.held,
      coming: own.filter((container) => !held.has(container.id) && !this.isReady(container)).length,
      target: current ? this.#maintenance.targetOf(current) : 0,
      queue: state.queue,
      draining: record.draining === true,
      isolation: current?.isolation,
      generations: this.#view.generations.map(({ job, count }) => {
        const of = containers.filter((container) => container.job === job);
        return {
          job,
          isCurrent: job === current?.job,
          count,
          containers: of.length,
          leased: of.filter(({ id }) => held.has(id)).length,
        };
      }),
      managers: state.managers,
      current: state.current && this.#view.isCurrent,
    };
  }

  /** What may be leased now. */
  private *candidates(): Iterable<string> {
    const { current, record } = this.#maintenance;
    if (!current || record.draining || !this.#view.isCurrent) return;
    const oldest = this.#options.maxAge ?? DAY;
    // Where the pool becomes smaller, those with the highest numbers have to become free.
    const target = this.#maintenance.targetOf(current);
    const isStaying = ({ number }: Container) => current.count <= target || number < target;
    for (const container of this.#view.containers)
      if (container.job === current.job && container.age <= oldest && isStaying(container) && this.isReady(container))
        yield container.id;
  }

  private isReady({ id, isRunning, isHealthy }: Container): boolean {
    return isRunning && isHealthy && this.#probes.hasAnswered(id);
  }

  private changed(): void {
    const { current } = this.#maintenance;
    const containers = this.#view.containers;
    this.#probes.look(containers.filter(({ job, isRunning }) => isRunning && job === current?.job));
    if (this.#isStarted) this.book.wake();
  }

  private find(id: string): Container | undefined {
    return this.#view.containers.find((container) => container.id === id);
  }

  private leased(lease: Lease): LeasedContainer {
    const { job, task, isolation, evaluation, created } = this.find(lease.slot) as Container;
    return { lease, job, place: { allocation: lease.slot, task, isolation }, evaluation, created };
  }

  /** Whether a user may claim at all: a pool whose containers keep nothing apart has one. */
  private async admit(owner: string): Promise<void> {
    const { current, record } = this.#maintenance;
    if (this.#options.sharedWithoutIsolation || current?.isolation !== "none" || record.user === owner) return;
    const { user } = await this.#maintenance.agree((now) => (now.user === undefined ? { ...now, user: owner } : now));
    if (user !== owner)
      throw UserError.at(
        "owner",
        `the pool ${this.pool} keeps nothing apart (raw_exec) and serves another user; take another driver, a pool for each user, or say sharedWithoutIsolation: true`,
        "pool/isolation",
      );
  }

  /** Empties a container for its owner's next claim. @returns whether it is known to be empty */
  private async emptied(lease: Lease): Promise<boolean> {
    await this.book.check(lease);
    try {
      await this.#options.executor.wipe(await this.placeOf(lease));
      return true;
    } catch {
      // It is replaced instead.
      return false;
    }
  }

  private letGo(lease: Lease): void {
    // A lease that has ended meanwhile needs no release.
    this.book.release(lease).catch(() => undefined);
  }

  private lose(lease: Lease, reason: LeaseEnd): void {
    this.#kept.drop(lease);
    const error = new LeaseEndedError(lease, reason, `the lease of ${lease.slot} ended under a command`);
    for (const running of this.#running.get(lease.slot) ?? []) running.abort(error);
  }

  private async maintain(): Promise<void> {
    const { signal } = this.#stop;
    for (let wasWell = true; !signal.aborted;) {
      try {
        await this.#maintenance.round(signal);
        this.changed();
        wasWell = true;
      } catch (error) {
        if (signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        if (wasWell) this.#options.onTrouble?.(`the pool ${this.pool} is not looked after just now: ${message}`);
        wasWell = false;
      }
      await sleep(ROUND * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }
}
