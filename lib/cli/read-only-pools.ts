import { messageOf, type ConsulClient, type NomadClient } from "../nomad";
import { ConsulStore, countManagers, countWaiting, NomadStore, type Store } from "../pools";
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
import { heldOf, jobsByPool, type DeployedPool } from "./deployed-pools";

/** What the page of `cdk-nomad ui` needs of pools. */
export interface ReadOnlyPoolsOptions {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** The pools' service, which is asked to change something. */
  readonly service: ServiceConnection;
}

/** What one of the stores has of a pool. */
interface Held extends Pick<DeployedPool, "leases" | "drained"> {
  readonly queue: number;
  /** Whether the pool's leases are kept there: no other store has any of them. */
  readonly isKeptHere: boolean;
}

/** A pool with what is known of its leases; where nothing is, with what kept it from being known. */
type Found = Pick<DeployedPool, "pool" | "jobs"> & ({ readonly held: Held } | { readonly trouble: unknown });

/** Where nothing was ever known of a pool's leases. */
const NOTHING = { free: 0, leased: 0, coming: 0, target: 0, queue: 0, draining: false };

/**
 * The pools of a cluster for somebody who looks and takes no part in them: Nomad and the store are asked, and what is to be changed is the pools' service's
 * to do. Nothing is claimed, run or released here. A pool's leases are in one of two stores, and nobody says in which: where one does not answer and the other
 * has nothing of the pool, how it does is not known.
 */
export class ReadOnlyPools implements Pools {
  readonly #stores: readonly Store[];
  readonly #last = new Map<string, PoolFigures>();
  #names: readonly string[] = [];

  constructor(
    private readonly options: ReadOnlyPoolsOptions,
    stores?: readonly Store[],
  ) {
    const { nomad, consul } = options;
    this.#stores = stores ?? [new ConsulStore(consul.http.connection), new NomadStore(nomad.http.connection)];
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
    return (await this.found()).map((found) => {
      const { pool } = found;
      if ("trouble" in found) return { ...(this.#last.get(pool) ?? { ...NOTHING, pool }), upToDate: false };
      const figures = figuresOf(found);
      this.#last.set(pool, figures);
      return figures;
    });
  }

  /** @throws what a store says, where the leases of one of the pools are not known */
  async list(): Promise<readonly ContainerLease[]> {
    return (await this.found()).flatMap((found) => {
      if ("trouble" in found) throw found.trouble;
      // Only whoever takes part in the pool has asked what keeps its containers apart.
      return found.held.leases.map((lease) => ({ lease, isolation: undefined }));
    });
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

  /** The pools, each with what the store that has its leases says. */
  private async found(): Promise<readonly Found[]> {
    const { nomad } = this.options;
    const jobs = await jobsByPool(nomad);
    this.#names = [...jobs.keys()];
    return Promise.all([...jobs].map(async ([pool, own]) => ({ pool, jobs: own, ...(await this.heldOf(pool)) })));
  }

  private async heldOf(pool: string): Promise<{ readonly held: Held } | { readonly trouble: unknown }> {
    const asked = await Promise.allSettled(this.#stores.map((store) => heldIn(store, pool)));
    const answered = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const kept = answered.find(({ leases }) => leases.length > 0) ?? answered.find(({ isKeptHere }) => isKeptHere);
    if (kept) return { held: kept };
    const failed = asked.find((one) => one.status === "rejected");
    if (failed) return { trouble: failed.reason };
    const drained = answered.some((one) => one.drained);
    return { held: { leases: [], queue: 0, isKeptHere: false, drained } };
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

async function heldIn(store: Store, pool: string): Promise<Held> {
  const [held, queue, managers] = await Promise.all([
    heldOf(store, pool),
    countWaiting(store, pool),
    countManagers(store, pool),
  ]);
  return { ...held, queue, isKeptHere: managers > 0 };
}

function figuresOf({ pool, jobs, held }: Pick<DeployedPool, "pool" | "jobs"> & { readonly held: Held }): PoolFigures {
  const { leases, drained, queue } = held;
  const target = jobs.reduce((sum, { count, slots }) => sum + count * slots, 0);
  const running = jobs.reduce((sum, job) => sum + job.running * job.slots, 0);
  const free = drained ? 0 : Math.max(0, running - leases.length);
  const coming = Math.max(0, target - running);
  return { pool, free, leased: leases.length, coming, target, queue, draining: drained, upToDate: true };
}

function readOnly(): HttpProblem {
  return new HttpProblem(
    "refused",
    "this page only looks at pools; what changes them is the pools' service: cdk-nomad serve, and its address in POOL_SERVICE_ADDR",
  );
}
