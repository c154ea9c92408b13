import { UserError } from "../../errors";
import { ANYTHING, checkProps, FLAG, OBJECT, objectBy, type PropKinds } from "../../jobspec/host";
import type { ExecuteOptions, ExecutionResult } from "../execution";
import { currentOf, readPoolRecord, REGISTERED_BY } from "../generations";
import {
  LARGEST_WARM_POOL,
  PROVIDERS,
  WarmPoolJob,
  type Execution,
  type Provider,
  type WarmPoolJobProps,
} from "../jobs";
import { PoolBusyError, type Lease } from "../leases";
import { generationsOf } from "./generations";
import { WARM_POOL, type LeasedContainer, type WarmPoolOptions, type WarmPoolStatus } from "./options";
import { WarmPool } from "./warm-pool";

/** What a {@link WarmPoolManager} is made of. */
export interface WarmPoolManagerOptions extends Omit<WarmPoolOptions, "pool" | "job"> {
  /** How many containers wait for each provider; 0 for none. Default: 10 each. */
  readonly sizes?: Partial<Record<Provider, number>>;
  /**
   * Whether somebody else deploys the pools' jobs, such as `cdk-nomad deploy` or Terraform: no job is registered here, sizes are as deployed, and
   * `sizes`, `execution` and `job` say nothing. With `false`, this manager's own jobs take the place of those. Default: asked of Nomad for each
   * pool when it is started: one whose current job no manager registered is deployed, and is leased as it is.
   */
  readonly deployed?: boolean;
  /** How they are run. Default: in containers of each provider's image. */
  readonly execution?: Execution;
  /**
   * Whether users may share containers that keep nothing apart, such as those of raw_exec, in the jobs that are registered here. Of a pool that somebody
   * deploys, its job says it. Default: false, such a pool serves one user at a time.
   */
  readonly sharedWithoutIsolation?: boolean;
  /** More of their jobs, such as what one container needs. Default: nothing beside what `WarmPoolJob` has by itself. */
  readonly job?: Omit<WarmPoolJobProps, "provider" | "size" | "execution" | "sharedWithoutIsolation">;
}

/** A container of a warm pool that a user has. */
export interface WarmContainer {
  /** The id of its allocation. */
  readonly id: string;
  /** The provider whose pool it is of. */
  readonly provider: Provider;
  /** The job that it belongs to. */
  readonly jobId: string;
  /** The evaluation that placed it. */
  readonly evalId: string;
  /** When it was placed, in milliseconds since 1970, by the clock of Nomad's servers. */
  readonly createdAt: number;
  /** That somebody has it, as Polydev calls it. */
  readonly status: "allocated";
  /** That it answered when it was given out. */
  readonly healthy: true;
  /** What proves that it is this user's: kept as a password is. It can be adopted by another manager. */
  readonly lease: Lease;
  /** What keeps its commands apart from those of others on the same machine. */
  readonly isolation: ExecutionResult["isolation"];
}

/** How the pool of a provider does. */
export interface PoolStats {
  /** How many containers it is to have. */
  readonly target: number;
  /** How many it has: free, leased, or on their way. */
  readonly current: number;
  /** How many of them are leased. */
  readonly allocated: number;
  /** How many of them could be claimed now. */
  readonly free: number;
  /** 0 to 100; 0 for a pool of none. */
  readonly utilizationPercent: number;
}

const SIZE = 10;
const { pool: _pool, job: _job, ...OF_EACH_POOL } = WARM_POOL;
const KINDS: PropKinds<WarmPoolManagerOptions> = {
  ...OF_EACH_POOL,
  sizes: objectBy(() => Object.fromEntries(PROVIDERS.map((provider) => [provider, ANYTHING]))),
  deployed: FLAG,
  execution: OBJECT,
  sharedWithoutIsolation: FLAG,
  job: OBJECT,
};

/** What says of a job that a manager registered it by itself, so that another one knows it from those that are deployed. */
const THIS_KIND = "warm-pool-manager";
/** How long a claim may take while a container is free, in milliseconds: other managers may be faster. */
const CLAIM_WITHIN = 1000;
/** How long one more container may take to be ready, in milliseconds. */
const CREATE_WITHIN = 60_000;

/**
 * The warm pools of Polydev's providers, with its names: a {@link WarmPool} for each. Managers in any number of processes share them.
 */
export class WarmPoolManager {
  readonly #pools = new Map<Provider, WarmPool>();
  /** What was begun with each pool: whoever starts it again waits for that. */
  readonly #starts = new Map<Provider, Promise<void>>();
  /** How often it was stopped. */
  #stops = 0;

  constructor(private readonly options: WarmPoolManagerOptions) {
    checkProps(options, "WarmPoolManager", KINDS);
    for (const [provider, size] of Object.entries(options.sizes ?? {})) checkSize(provider, size);
  }

  /**
   * Starts every pool that is not: what runs already is taken over, what is missing is brought. A pool that is drained stays so, and whoever starts a
   * manager twice starts it once. It waits until each pool has a container to give out, or none on its way, and no longer than five seconds for that: what
   * waits already is given out by the first {@link allocateContainer}.
   */
  async start(): Promise<void> {
    await Promise.all(PROVIDERS.map((provider) => this.initializePool(provider)));
  }

  /**
   * Stops looking after the pools, also after those that are just being started. Containers run on; leases stand for half a minute without a manager, until another one adopts them.
   *
   * @returns the leases that were handed over
   */
  async stop(): Promise<readonly Lease[]> {
    const [pools, starts] = [[...this.#pools.values()], [...this.#starts.values()]];
    this.#stops += 1;
    this.#starts.clear();
    this.#pools.clear();
    const handed = Promise.all(pools.map((pool) => pool.stop()));
    // Whoever began them is told how they ended.
    await Promise.allSettled([handed, ...starts]);
    return (await handed).flat();
  }

  /**
   * Starts the pool of a provider, if it is not. A pool of size 0 has no job, and one that has containers from before loses them. Where the manager is
   * stopped meanwhile, nothing is started.
   */
  async initializePool(provider: Provider): Promise<void> {
    checkProvider(provider);
    const starting = this.#starts.get(provider) ?? this.begin(provider);
    this.#starts.set(provider, starting);
    try {
      await starting;
    } catch (error) {
      if (this.#starts.get(provider) === starting) this.#starts.delete(provider);
      throw error;
    }
  }

  private async begin(provider: Provider): Promise<void> {
    const stops = this.#stops;
    const deployed = this.options.deployed ?? (await this.isDeployed(provider));
    if (stops !== this.#stops) return;
    const { sizes, execution, sharedWithoutIsolation, job, deployed: _, ...rest } = this.options;
    const size = sizes?.[provider] ?? SIZE;
    const pool = new WarmPool({
      ...rest,
      pool: WarmPoolJob.nameOf(provider),
      ...(size > 0 && !deployed ? { job: ownJob({ ...job, provider, size, execution, sharedWithoutIsolation }) } : {}),
    });
    this.#pools.set(provider, pool);
    try {
      await pool.start();
      if (size === 0 && !deployed && pool.status().generations.length > 0) await pool.resize(0);
      await pool.firstOffer();
    } catch (error) {
      // Another one may stand there, where the manager was stopped and started again meanwhile.
      if (this.#pools.get(provider) === pool) this.#pools.delete(provider);
      await pool.stop().catch(() => undefined);
      if (stops === this.#stops) throw error;
    }
  }

  /**
   * Makes the pool larger by one.
   *
   * @returns once that one could be claimed
   * @throws PoolBusyError where it is not ready within a minute; at once while the pool is drained, which {@link replenishPool} ends
   */
  async createWarmContainer(provider: Provider): Promise<PoolStats> {
    const pool = this.pool(provider);
    pool.refuseDrained();
    const { target } = pool.status();
    await pool.resize(target + 1);
    await pool.until(({ free, leased }) => free + leased > target, CREATE_WITHIN);
    return statsOf(pool.status());
  }

  /**
   * Gives a user a container that waits.
   *
   * @returns null where none is free and healthy just now: run the command in a job of its own then
   * @throws UserError where another user has a pool without isolation
   */
  async allocateContainer(provider: Provider, userId: string): Promise<WarmContainer | null> {
    const pool = this.pool(provider);
    try {
      return shown(provider, await pool.claim({ owner: userId, queue: false, timeout: CLAIM_WITHIN }));
    } catch (error) {
      if (error instanceof PoolBusyError) return null;
      throw error;
    }
  }

  /** Takes over a container that another manager gave out before it stopped. @throws LeaseEndedError where its lease has ended */
  async adoptContainer(lease: Lease): Promise<WarmContainer> {
    const provider = PROVIDERS.find((one) => WarmPoolJob.nameOf(one) === lease.pool);
    if (!provider) throw UserError.at("lease", `is of the pool ${lease.pool}, which is none of these`, "pool/unknown");
    return shown(provider, await this.pool(provider).adopt(lease));
  }

  /**
   * Runs a command in a container: one that was allocated, or the id of one that was allocated or adopted here.
   *
   * @throws LeaseEndedError where it is the user's no more; UserError where an id is of none that this manager has given out and renews
   */
  async execute(
    container: WarmContainer | string,
    command: string | readonly string[],
    options: ExecuteOptions = {},
  ): Promise<ExecutionResult> {
    // What somebody has in hand proves itself, also where the container is leased anew by now.
    if (typeof container !== "string") return this.pool(container.provider).execute(container.lease, command, options);
    const { pool, lease } = this.find(container) ?? {};
    if (pool && lease) return pool.execute(lease, command, options);
    const message = `${container} is not allocated here, or its lease has ended; allocate one, or adopt its lease`;
    throw UserError.at("container", message, "pool/container");
  }

  /** Gives a container back, by its id. @returns false where it is not allocated here: it never was, was given back, or its lease was lost */
  async releaseContainer(containerId: string): Promise<boolean> {
    const { pool, lease } = this.find(containerId) ?? {};
    if (!pool || !lease) return false;
    await pool.release(lease);
    return true;
  }

  /** Has a pool that was drained filled again. What is missing otherwise comes by itself. */
  async replenishPool(provider: Provider): Promise<void> {
    await this.pool(provider).fill();
  }

  /** A pool takes no new leases, and its free containers end. @returns how many leases stand */
  async drainPool(provider: Provider): Promise<number> {
    return this.pool(provider).drain();
  }

  /** How many containers of each pool are ready, and how many are not. Those that stay so are replaced without this. */
  performHealthChecks(): Promise<
    Readonly<Partial<Record<Provider, { readonly healthy: number; readonly unhealthy: number }>>>
  > {
    const checked = [...this.#pools].map(([provider, pool]) => {
      const { free, leased, coming } = pool.status();
      return [provider, { healthy: free + leased, unhealthy: coming }] as const;
    });
    return Promise.resolve(Object.fromEntries(checked));
  }

  /** How the pools do. */
  getPoolStats(): Readonly<Partial<Record<Provider, PoolStats>>> & { readonly totalAllocated: number } {
    const stats = [...this.#pools].map(([provider, pool]) => [provider, statsOf(pool.status())] as const);
    const totalAllocated = stats.reduce((sum, [, { allocated }]) => sum + allocated, 0);
    return { ...(Object.fromEntries(stats) as Partial<Record<Provider, PoolStats>>), totalAllocated };
  }

  /** Gives a pool another size; one that is drained has it once it is filled. @param size 0 to 100 */
  async updatePoolSize(provider: Provider, size: number): Promise<void> {
    await this.pool(provider).resize(size);
  }

  /** The pool of a provider. @throws UserError where it is not started */
  pool(provider: Provider): WarmPool {
    checkProvider(provider);
    const pool = this.#pools.get(provider);
    if (pool) return pool;
    throw UserError.at("provider", `the pool of ${provider} is not started; call start() first`, "pool/stopped");
  }

  /** Whether the job that gives out a pool's containers was registered by anybody but a manager. */
  private async isDeployed(provider: Provider): Promise<boolean> {
    const { nomad, store } = this.options;
    const name = WarmPoolJob.nameOf(provider);
    const [generations, { choice }] = await Promise.all([generationsOf(nomad, name), readPoolRecord(store, name)]);
    const current = currentOf(generations, choice);
    return current !== undefined && current.registeredBy !== THIS_KIND;
  }

  /** Who has which container is known to the pools alone, which also learn of it when a lease is lost. */
  private find(container: string): { readonly pool: WarmPool; readonly lease: Lease } | undefined {
    for (const pool of this.#pools.values()) {
      const lease = pool.leaseOf(container);
      if (lease) return { pool, lease };
    }
    return undefined;
  }
}

function shown(provider: Provider, { lease, place, job, evaluation, created }: LeasedContainer): WarmContainer {
  return {
    id: lease.slot,
    provider,
    jobId: job,
    evalId: evaluation,
    createdAt: created,
    status: "allocated",
    healthy: true,
    lease,
    isolation: place.isolation,
  };
}

/** A job that a manager registers by itself. */
function ownJob(props: WarmPoolJobProps): WarmPoolJob {
  const job = new WarmPoolJob(props);
  return job.with({ meta: { ...job.meta, [REGISTERED_BY]: THIS_KIND } });
}

function statsOf({ target, free, leased, coming }: WarmPoolStatus): PoolStats {
  const current = free + leased + coming;
  const utilizationPercent = target > 0 ? Math.round((leased / target) * 1000) / 10 : 0;
  return { target, current, allocated: leased, free, utilizationPercent };
}

/** Of a name that came from somebody else an error tells no more. */
const LONGEST_NAME_TOLD = 100;

function checkProvider(provider: string): void {
  if (!(PROVIDERS as readonly string[]).includes(provider))
    throw UserError.at(
      "provider",
      `${JSON.stringify(provider.slice(0, LONGEST_NAME_TOLD))} is not known; write one of ${PROVIDERS.join(", ")}`,
      "pool/provider",
    );
}

function checkSize(provider: string, size: number): void {
  if (!Number.isInteger(size) || size < 0 || size > LARGEST_WARM_POOL)
    throw UserError.at(
      ["sizes", provider],
      `${size} is no size of a pool; write 0 to ${LARGEST_WARM_POOL}`,
      "pool/size",
    );
}
