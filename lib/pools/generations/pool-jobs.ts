import { poolOfJob, type JobJson, type JobSummary, type NomadClient } from "../../nomad";

/** How the jobs of a pool are read. */
export interface PoolJobsOptions {
  /** What was read of them before, by their ids: a job that has not changed since is not read again. Default: all are read. */
  readonly known?: ReadonlyMap<string, JobJson>;
  /** Told of each that cannot be read: then it is what it was before, or is left out. Default: the reading fails. */
  readonly onUnread?: (job: string, error: unknown) => void;
}

/** The jobs of a pool that are registered and not stopped: its generations. */
export async function jobsOfPool(
  nomad: NomadClient,
  pool: string,
  options: PoolJobsOptions = {},
): Promise<readonly JobJson[]> {
  return readJobs(nomad, pool, await nomad.jobs(pool), options);
}

/** Of jobs whose ids begin with a pool's name, those of the pool. */
export async function readJobs(
  nomad: NomadClient,
  pool: string,
  stubs: readonly JobSummary[],
  { known, onUnread }: PoolJobsOptions = {},
): Promise<readonly JobJson[]> {
  const standing = stubs.filter(({ Stop }) => !Stop);
  const jobs = await Promise.all(
    standing.map(async ({ ID, JobModifyIndex }) => {
      const before = known?.get(ID);
      if (before !== undefined && before.JobModifyIndex === JobModifyIndex) return before;
      try {
        return await nomad.job(ID);
      } catch (error) {
        if (onUnread === undefined) throw error;
        onUnread(ID, error);
        return before;
      }
    }),
  );
  return jobs.filter((job) => job !== undefined).filter((job) => isOfPool(job, pool));
}

/** Whether a job is a generation of a pool: its meta and its id say so, nobody has stopped it, and it is neither launched nor a template of what is. */
export function isOfPool(job: JobJson, pool: string): boolean {
  const { ParentID, ParameterizedJob, Periodic, Stop } = job as JobJson & Launching;
  return Stop !== true && !ParentID && !ParameterizedJob && !Periodic && poolOfJob(job) === pool;
}

interface Launching {
  readonly ParentID?: string | null;
  readonly ParameterizedJob?: object | null;
  readonly Periodic?: object | null;
}
