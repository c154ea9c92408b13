import { poolOfJob, type JobJson, type NomadClient } from "../../nomad";

/**
 * The jobs of a pool that are registered and not stopped: its generations.
 *
 * @param known what was read of them before, by their ids: a job that has not changed since is not read again. Default: all are read
 */
export async function jobsOfPool(
  nomad: NomadClient,
  pool: string,
  known: ReadonlyMap<string, JobJson> = new Map(),
): Promise<readonly JobJson[]> {
  const stubs = (await nomad.jobs(pool)).filter(({ Stop }) => !Stop);
  const jobs = await Promise.all(
    stubs.map(({ ID, JobModifyIndex }) => {
      const before = known.get(ID);
      return before !== undefined && before.JobModifyIndex === JobModifyIndex ? before : nomad.job(ID);
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
