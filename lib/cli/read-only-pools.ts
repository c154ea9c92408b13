import { messageOf, type ConsulClient, type NomadClient } from "../nomad";
import { ConsulStore, countWaiting, NomadStore, type Store } from "../pools";
import {
  HttpProblem,
  ServiceClient,
  ServiceRefusal,
  type ContainerLease,
  type Dependency,
  type PoolFigures,
  type Pools,
  type ServiceConnection,
} from "../service";
import { deployedPools, type DeployedPool } from "./deployed-pools";

/** What the page of `cdk-nomad ui` needs of pools. */
export interface ReadOnlyPoolsOptions {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** The pools' service, which is asked to change something. */
  readonly service: ServiceConnection;
}

/**
 * The pools of a cluster for somebody who looks and takes no part in them: Nomad and the store are asked, and what is to be changed is the pools' service's
 * to do. Nothing is claimed, run or released here.
 */
export class ReadOnlyPools implements Pools {
  readonly #stores: readonly Store[];
  #names: readonly string[] = [];

  constructor(private readonly options: ReadOnlyPoolsOptions) {
    const { nomad, consul } = options;
    this.#stores = [new ConsulStore(consul.http.connection), new NomadStore(nomad.http.connection)];
  }

  /** Those that were there when somebody looked the last time. */
  get names(): readonly string[] {
    return this.#names;
  }

  kindOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  poolOf(): undefined {
    return undefined;
  }

  async stats(): Promise<readonly PoolFigures[]> {
    const found = await this.found();
    return Promise.all(
      found.map(async ({ deployed: { pool, jobs, leases, drained }, store }): Promise<PoolFigures> => {
        const target = jobs.reduce((sum, { count }) => sum + count, 0);
        const running = jobs.reduce((sum, { running: some }) => sum + some, 0);
        const free = drained ? 0 : Math.max(0, running - leases.length);
        const coming = Math.max(0, target - running);
        const queue = await countWaiting(store, pool);
        return { pool, free, leased: leases.length, coming, target, queue, draining: drained, upToDate: true };
      }),
    );
  }

  async list(): Promise<readonly ContainerLease[]> {
    return (await this.found()).flatMap(({ deployed }) =>
      deployed.leases.map((lease) => ({ lease, isolation: "none" as const })),
    );
  }

  async drain(pool: string): Promise<number> {
    return (await this.service((service) => service.drain(pool))).leased;
  }

  async fill(pool: string): Promise<void> {
    await this.service((service) => service.fill(pool));
  }

  async recycle(pool: string): Promise<number> {
    return (await this.service((service) => service.recycle(pool))).replaced;
  }

  async resize(pool: string, containers: number): Promise<void> {
    await this.service((service) => service.resize(pool, containers));
  }

  claim(): Promise<never> {
    return Promise.reject(readOnly());
  }

  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  renew(): Promise<never> {
    return Promise.reject(readOnly());
  }

  execute(): Promise<never> {
    return Promise.reject(readOnly());
  }

  release(): Promise<never> {
    return Promise.reject(readOnly());
  }

  runOnce(): Promise<never> {
    return Promise.reject(readOnly());
  }

  async dependencies(): Promise<readonly Dependency[]> {
    const { nomad } = this.options;
    const trouble = await nomad.leader().then(
      () => undefined,
      () => "does not answer as it should",
    );
    return [{ name: "Nomad", trouble }];
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  /** The pools, each with the store that has its leases. */
  private async found(): Promise<readonly { readonly deployed: DeployedPool; readonly store: Store }[]> {
    const { nomad } = this.options;
    const [first, ...others] = this.#stores;
    if (!first) return [];
    const found = new Map<string, { readonly deployed: DeployedPool; readonly store: Store }>();
    let trouble: unknown;
    for (const store of [first, ...others])
      try {
        for (const deployed of await deployedPools(nomad, store))
          // A pool has its leases in one of the two.
          if (!found.has(deployed.pool) || deployed.leases.length > 0) found.set(deployed.pool, { deployed, store });
      } catch (error) {
        trouble = error;
      }
    if (found.size === 0 && trouble !== undefined) throw trouble;
    this.#names = [...found.keys()];
    return [...found.values()];
  }

  private async service<T>(ask: (service: ServiceClient) => Promise<T>): Promise<T> {
    const { service } = this.options;
    try {
      return await ask(new ServiceClient(service));
    } catch (error) {
      throw new HttpProblem("refused", error instanceof ServiceRefusal ? error.problem.detail : messageOf(error));
    }
  }
}

function readOnly(): HttpProblem {
  return new HttpProblem(
    "refused",
    "this page only looks at pools; what changes them is the pools' service: cdk-nomad serve, and its address in POOL_SERVICE_ADDR",
  );
}
