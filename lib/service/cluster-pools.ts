import { poolOfJob, type ConsulClient, type NomadClient } from "../nomad";
import {
  LeaseEndedError,
  type NomadManager,
  PoolBusyError,
  RuntimeFailedError,
  WarmPoolJob,
  type ExecuteOptions,
  type ExecutionResult,
  type Executor,
  type Lease,
  type Provider,
  type Store,
  type WarmPool,
  type WarmPoolOptions,
} from "../pools";
import { BusyPools } from "./busy-pools";
import type { ContainerClaim, ColdRun, Dependency, ContainerLease, PoolFigures, PoolKind, Pools } from "./pools";
import { servedSlotPool, servedWarmPool, type ServedPool, type SlotPoolToServe } from "./served-pool";
import { Startup } from "./startup";

/** What the pools of a cluster are made of. */
export interface ClusterPoolsOptions {
  readonly nomad: NomadClient;
  /** Whose checks say that a container is healthy. Default: none is asked. */
  readonly consul?: ConsulClient;
  readonly store: Store;
  readonly executor: Executor;
  /** The names of the warm pools that are served; somebody else deploys their jobs. */
  readonly pools: readonly string[];
  /** The slot pools that are served. Default: none. */
  readonly slotPools?: readonly SlotPoolToServe[];
  /** How single commands are run that no container is free for. */
  readonly runtime: NomadManager;
  /** What becomes of a container that was released. Default: it is replaced. */
  readonly reuse?: WarmPoolOptions["reuse"];
  /** How leases are kept. Default: as a pool has it. */
  readonly leases?: WarmPoolOptions["leases"];
  /** Told of what went wrong and is tried again; never with anything that a client sent. */
  readonly onTrouble: (message: string) => void;
}

/** How long a server may take to say that it is there, in milliseconds. */
const PATIENCE = 3000;
/** Between two questions about pools that are not served, in milliseconds. */
const LOOK_UP = 200;
/** How long a lease that is renewed while a command runs goes without it: a part of its time. */
const RENEWAL = 1 / 3;

/** A pool that is served, once it has started. */
interface Served {
  readonly pool: ServedPool;
  readonly startup: Startup;
}

/**
 * The pools of a cluster, for the service. It starts each pool as soon as Nomad and the store answer, and says until then that it has not started:
 * a service that is started before them needs no other start.
 */
export function clusterPools(options: ClusterPoolsOptions): Pools {
  return new ClusterPools(options);
}

class ClusterPools implements Pools {
  readonly names: readonly string[];
  readonly #pools: ReadonlyMap<string, Served>;
  readonly #stop = new AbortController();
  readonly #starting: Promise<unknown>;
  #askedForKind = Number.NEGATIVE_INFINITY;
  readonly #busy: BusyPools;

  constructor(private readonly options: ClusterPoolsOptions) {
    const { nomad, consul, store, executor, reuse, onTrouble, leases } = options;
    this.#busy = new BusyPools(onTrouble);
    const all = [
      ...options.pools.map((pool) =>
        servedWarmPool({ nomad, consul, store, executor, pool, reuse, onTrouble, leases }),
      ),
      ...(options.slotPools ?? []).map((each) => servedSlotPool(each, { nomad, store, onTrouble, leases })),
    ];
    const made = all.map((pool): [string, Served] => {
      const startup = new Startup(`the pool ${pool.pool}`, () => pool.start(), onTrouble);
      return [pool.pool, { pool, startup }];
    });
    this.#pools = new Map(made);
    this.names = [...this.#pools.keys()];
    this.#starting = Promise.all(made.map(([, { startup }]) => startup.run(this.#stop.signal)));
  }

  async kindOf(pool: string): Promise<PoolKind | undefined> {
    const { nomad } = this.options;
    const served = this.#pools.get(pool)?.pool;
    if (served !== undefined) return served.warm === undefined ? "slots" : "warm";
    const now = performance.now();
    // However many names somebody tries, the cluster is asked a few times a second.
    if (now - this.#askedForKind < LOOK_UP) return undefined;
    this.#askedForKind = now;
    try {
      const jobs = await Promise.all((await nomad.jobs(pool)).slice(0, 10).map(({ ID }) => nomad.job(ID)));
      const found = jobs.find((job) => job !== undefined && poolOfJob(job) === pool);
      return found && (found.Meta?.slots === undefined ? "warm" : "slots");
    } catch {
      return undefined;
    }
  }

  poolOf(provider: Provider): string | undefined {
    const name = WarmPoolJob.nameOf(provider);
    return this.options.pools.includes(name) ? name : undefined;
  }

  async claim(name: string, claim: ContainerClaim): Promise<ContainerLease> {
    try {
      const claimed = await this.started(name).claim(claim);
      this.#busy.gaveOut(name);
      return claimed;
    } catch (error) {
      if (error instanceof PoolBusyError) this.#busy.tell(error);
      throw error;
    }
  }

  async find(container: string): Promise<ContainerLease | undefined> {
    const pools = [...this.#pools.values()]
      .filter(({ startup }) => startup.trouble === undefined)
      .map(({ pool }) => pool);
    // Each pool that does not know it would ask the store.
    const known = pools.map((pool) => pool.book.known(container)).find((lease) => lease !== undefined);
    const lease =
      known ?? (await Promise.all(pools.map((pool) => pool.book.find(container)))).find((each) => each !== undefined);
    // It may be of a pool that has not started: that it is in none of the others says nothing then.
    if (lease === undefined) this.all();
    return lease && this.shown(lease);
  }

  async renew(lease: Lease): Promise<void> {
    await this.started(lease.pool).book.renew(lease);
  }

  async execute({ lease }: ContainerLease, command: string, options: ExecuteOptions): Promise<ExecutionResult> {
    const pool = this.started(lease.pool);
    const ended = new AbortController();
    const renewing = this.keepRenewing(lease, ended);
    const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
    try {
      const result = await pool.execute(lease, command, { ...options, signal });
      if (ended.signal.aborted) throw ended.signal.reason;
      return result;
    } catch (error) {
      throw ended.signal.aborted ? ended.signal.reason : error;
    } finally {
      clearInterval(renewing);
    }
  }

  async release(lease: Lease): Promise<void> {
    await this.started(lease.pool).release(lease);
  }

  async list(): Promise<readonly ContainerLease[]> {
    const found = await Promise.all(this.all().map((pool) => pool.book.list()));
    return found.flat().map((lease) => this.shown(lease));
  }

  async stats(): Promise<readonly PoolFigures[]> {
    return Promise.all(this.all().map((pool) => pool.figures()));
  }

  async drain(name: string): Promise<number> {
    return this.warm(name).drain();
  }

  async fill(name: string): Promise<void> {
    await this.warm(name).fill();
  }

  async resize(name: string, containers: number): Promise<void> {
    await this.warm(name).resize(containers);
  }

  async recycle(name: string): Promise<number> {
    return this.warm(name).recycle();
  }

  async runOnce({
    owner,
    onStdout,
    onStderr,
    onProgress,
    ...run
  }: ColdRun): Promise<ExecutionResult & { readonly job: string }> {
    const { runtime, onTrouble } = this.options;
    const { jobId } = await runtime.submitRuntimeJob({
      ...run,
      userId: owner,
      onProgress: ({ waitsFor, why }) => {
        onProgress?.(waitsFor);
        if (waitsFor === "placement") onTrouble(`a job for a command waits, since no node takes it: ${why}`);
      },
    });
    const isStreamed = onStdout !== undefined || onStderr !== undefined;
    try {
      // Whoever takes it slowly holds the command up, and gets all of it, also beyond what is kept.
      if (isStreamed)
        for await (const { stream, data } of runtime.followOutput(jobId))
          await (stream === "stdout" ? onStdout : onStderr)?.(data);
      const result = await runtime.result(jobId);
      return { ...result, truncated: result.truncated && !isStreamed, job: jobId };
    } catch (error) {
      if (error instanceof RuntimeFailedError) onTrouble(`a job for a command did not start: ${error.why}`);
      throw error;
    } finally {
      // It has ended; whether Nomad or its manager remembers it is of no use to anybody.
      runtime.forget(jobId);
      await runtime.stopJob(jobId).catch(() => onTrouble("a job that has ended could not be taken away"));
    }
  }

  async dependencies(): Promise<readonly Dependency[]> {
    const { nomad, consul, store } = this.options;
    const asked = [
      troubleOf("Nomad", () => nomad.leader()),
      ...(consul ? [troubleOf("Consul", () => consul.leader())] : []),
      troubleOf(`leases in ${store.name}`, (signal) => store.read("pools/ready", signal).then(() => true)),
    ];
    const pools = [...this.#pools.values()].map(({ pool, startup: { name, trouble } }): Dependency => {
      const behind = () => (pool.figures().upToDate ? undefined : "what is known of it is not up to date");
      return { name, trouble: trouble ?? behind() };
    });
    return [...(await Promise.all(asked)), ...pools];
  }

  async close(): Promise<void> {
    const { runtime, store, nomad, consul } = this.options;
    this.#stop.abort();
    await this.#starting;
    const started = [...this.#pools.values()].filter(({ startup }) => startup.trouble === undefined);
    // Leases that this process renews are handed over; those of clients stand by themselves.
    await Promise.allSettled([...started.map(({ pool }) => pool.stop()), runtime.close()]);
    await Promise.allSettled([store.close(), nomad.close(), consul?.close()]);
  }

  /** Every pool. @throws NoAnswerError where one has not started: what it has is not known */
  private all(): readonly ServedPool[] {
    return this.names.map((name) => this.started(name));
  }

  private warm(name: string): WarmPool {
    const { warm } = this.started(name);
    if (warm === undefined) throw new Error("a slot pool has no containers that wait");
    return warm;
  }

  private started(name: string): ServedPool {
    const served = this.#pools.get(name);
    if (!served) throw new Error("the pool is not served");
    served.startup.refuse();
    return served.pool;
  }

  /** Renews a lease while a command runs in its container; where it has ended, the command ends too. */
  private keepRenewing(lease: Lease, ended: AbortController): NodeJS.Timeout {
    return setInterval(() => {
      this.renew(lease).catch((error: unknown) => {
        // A store that does not answer just now may do so the next time; the lease stands for twice as long.
        if (error instanceof LeaseEndedError) ended.abort(error);
      });
    }, lease.ttl * RENEWAL);
  }

  private shown(lease: Lease): ContainerLease {
    return this.started(lease.pool).shown(lease);
  }
}

/** Whether a server answers in time, and has a leader. */
async function troubleOf(name: string, ask: (signal: AbortSignal) => Promise<unknown>): Promise<Dependency> {
  const signal = AbortSignal.timeout(PATIENCE);
  const late = new Promise<string>((resolve) =>
    signal.addEventListener("abort", () => resolve(`does not answer within ${PATIENCE / 1000} s`), { once: true }),
  );
  const asked = ask(signal).then(
    (answer) => (answer === undefined ? "has no leader" : undefined),
    () => "does not answer as it should",
  );
  return { name, trouble: await Promise.race([asked, late]) };
}
