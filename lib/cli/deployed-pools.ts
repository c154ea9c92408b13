import { UserError } from "../errors";
import { poolOfJob, slotsOf, type NomadClient } from "../nomad";
import { listLeases, readPoolRecord, type Lease, type Store } from "../pools";
import { allocationsOf, namesToWrite } from "../operations";

/** A job of a pool, and how much of it runs. */
export interface DeployedPoolJob {
  readonly job: string;
  readonly count: number;
  readonly running: number;
  /** How many may lease each that runs: the slots of a sandbox; 1 for a container of a warm pool. */
  readonly slots: number;
}

/** A pool as the cluster has it. */
export interface DeployedPool {
  readonly pool: string;
  readonly jobs: readonly DeployedPoolJob[];
  readonly leases: readonly Lease[];
  /** Whether it takes no new leases. */
  readonly drained: boolean;
}

/**
 * The pools of a cluster, asked of Nomad and the store: no service, and no manager, has a part in it.
 *
 * @param only the name of one, or the id of a job of it. Default: all
 * @throws UserError where no job of such a pool runs
 */
export async function deployedPools(nomad: NomadClient, store: Store, only?: string): Promise<readonly DeployedPool[]> {
  const found = await jobsByPool(nomad, only);
  return Promise.all([...found].map(async ([pool, jobs]) => ({ pool, jobs, ...(await heldOf(store, pool)) })));
}

/** What a store has of a pool. @throws what the store says, where it does not answer in time or refuses */
export async function heldOf(store: Store, pool: string): Promise<Pick<DeployedPool, "leases" | "drained">> {
  const [leases, record] = await Promise.all([listLeases(store, pool), readPoolRecord(store, pool)]);
  return { leases, drained: record.draining === true };
}

/**
 * The jobs of the pools of a cluster by the pools' names, in their order: what Nomad knows of pools.
 *
 * @param only the name of one, or the id of a job of it. Default: all
 * @throws UserError where no job of such a pool runs
 */
export async function jobsByPool(
  nomad: NomadClient,
  only?: string,
): Promise<ReadonlyMap<string, readonly DeployedPoolJob[]>> {
  const all = await nomad.jobs(only);
  // What answers to everything that there is nothing is no Nomad, and says nothing of pools.
  if (all.length === 0) await nomad.regions();
  const ids = all.filter(({ Type, Stop }) => Type === "service" && !Stop).map(({ ID }) => ID);
  const jobs = await Promise.all(ids.map((id) => nomad.job(id)));
  const byPool = new Map<string, DeployedPoolJob[]>();
  for (const job of jobs) {
    const name = job && poolOfJob(job);
    if (job === undefined || name === undefined || (only !== undefined && name !== only && job.ID !== only)) continue;
    const running = (await nomad.allocations(job.ID)).filter(
      ({ ClientStatus, DesiredStatus }) => ClientStatus === "running" && DesiredStatus === "run",
    );
    byPool.set(name, [
      ...(byPool.get(name) ?? []),
      { job: job.ID, count: allocationsOf(job), running: running.length, slots: slotsOf(job.Meta) ?? 1 },
    ]);
  }
  if (only !== undefined && byPool.size === 0) {
    const others = [...(await jobsByPool(nomad)).keys()];
    throw UserError.at(only, `no job of such a pool runs; deploy it, or ${namesToWrite(only, others)}`, "pool");
  }
  return new Map([...byPool].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Which of the pools that somebody named no job is of, now: nobody gets anything of them until one is deployed.
 *
 * @param names of the pools; the id of a job stands for its pool
 */
export async function poolsWithoutJob(
  nomad: Pick<NomadClient, "jobs" | "job">,
  names: readonly string[],
): Promise<readonly string[]> {
  const deployed = await Promise.all(
    names.map(async (name) => {
      const ids = (await nomad.jobs(name)).filter(({ Stop }) => !Stop).map(({ ID }) => ID);
      const jobs = await Promise.all(ids.map((id) => nomad.job(id)));
      return jobs.some((job) => job?.ID === name || (job && poolOfJob(job) === name));
    }),
  );
  return names.filter((_, at) => !deployed[at]);
}
