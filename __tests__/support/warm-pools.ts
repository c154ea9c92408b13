import { Cpu, Memory, Resources } from "../../lib/jobspec";
import {
  consulConnection,
  ConsulClient,
  NomadClient,
  nomadConnection,
  type AllocationStub,
  type Connection,
} from "../../lib/nomad";
import {
  ConsulStore,
  NomadExecutor,
  WarmPool,
  WarmPoolJob,
  type Execution,
  type LeasedContainer,
  type WarmPoolOptions,
} from "../../lib/pools";
import type { TestCluster } from "./cluster";
import { runsNothing } from "./executor";

/** The pool of a test. */
export interface PoolProgram {
  readonly size?: number;
  readonly priority?: number;
  /** Default: processes of the node. */
  readonly execution?: Execution;
  /** Whether users share what keeps nothing apart. Default: true. */
  readonly shared?: boolean;
}

/** A pool of processes that take next to nothing. */
export function smallPool(program: PoolProgram): WarmPoolJob {
  const { size = 4, priority = 40, execution = { kind: "raw_exec" }, shared = true } = program;
  const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(16) });
  return new WarmPoolJob({
    ...{ provider: "openai", size, priority, execution, resources },
    sharedWithoutIsolation: shared,
  });
}

/** Pools of a test, each as of a process of its own: with connections of its own. All are stopped by {@link stopAll}. */
export class TestPools {
  readonly #running = new Set<WarmPool>();
  readonly #closing: (() => Promise<void>)[] = [];
  /** What went wrong and was tried again. */
  readonly troubles: string[] = [];

  constructor(private readonly cluster: TestCluster) {}

  /**
   * Connections of a process of its own.
   *
   * @param by other addresses than the cluster's, such as a proxy's
   * @param more what the connection to Nomad has otherwise than usual
   */
  connections(by: Partial<TestCluster["addresses"]> = {}, more: Partial<Connection> = {}) {
    const environment = { ...this.cluster.environment, ...by };
    const nomad = new NomadClient({ ...nomadConnection(environment), ...more });
    const consul = new ConsulClient(consulConnection(environment));
    const store = new ConsulStore(consulConnection(environment));
    this.#closing.push(
      () => nomad.close(),
      () => consul.close(),
      () => store.close(),
    );
    return { nomad, consul, store };
  }

  /** A pool that is started. */
  async start(options: Partial<WarmPoolOptions>): Promise<WarmPool> {
    const pool = new WarmPool({
      ...this.connections(),
      executor: runsNothing,
      pool: "warm-pool-openai",
      onTrouble: (message) => this.troubles.push(message),
      ...options,
    });
    this.#running.add(pool);
    await pool.start();
    return pool;
  }

  async stop(pool: WarmPool) {
    this.#running.delete(pool);
    return pool.stop();
  }

  async stopAll(): Promise<void> {
    for (const pool of this.#running) await this.stop(pool);
    await Promise.all(this.#closing.splice(0).map((close) => close()));
  }
}

/** What {@link statesOf} says of a container that nobody touched. */
export const UNTOUCHED = "run running running 0";

/** What Nomad says of the containers of some leases: whether each still runs, and how often its task was started again. */
export async function statesOf(nomad: NomadClient, leases: readonly LeasedContainer[]): Promise<readonly string[]> {
  const jobs = [...new Set(leases.map(({ job }) => job))];
  const all = (await Promise.all(jobs.map((job) => nomad.allocations(job)))).flat();
  const stateOf = ({ ClientStatus, DesiredStatus, TaskStates }: AllocationStub) =>
    `${DesiredStatus} ${ClientStatus} ${TaskStates.runtime?.State} ${TaskStates.runtime?.Restarts}`;
  return leases.map(({ lease }) => {
    const found = all.find(({ ID }) => ID === lease.slot);
    return found ? stateOf(found) : "forgotten";
  });
}

/** A pool with real commands, for measurements. */
export async function connectedPool(
  cluster: TestCluster,
  size: number,
): Promise<{ readonly pool: WarmPool; readonly end: () => Promise<void> }> {
  const pools = new TestPools(cluster);
  const { nomad, consul, store } = pools.connections();
  const pool = await pools.start({
    nomad,
    consul,
    store,
    executor: new NomadExecutor(nomad),
    job: smallPool({ size }),
  });
  return { pool, end: () => pools.stopAll() };
}
