import { UserError } from "../../errors";
import { poolOfJob, type JobJson, type NomadClient } from "../../nomad";
import { jobsOfPool } from "../generations";
import type { SlotPoolJob } from "../jobs";

/** Which pool a manager serves. */
export interface WhichPool {
  /** Its name, under which its leases stand. */
  readonly pool: string;
  /** Its one job, where that says of no pool that it is of it; undefined where its jobs are found by the pool's name, as generations are. */
  readonly job: string | undefined;
}

/**
 * Finds the pool that somebody means: by a job, which says what pool it is of; by the id of such a job; or by the pool's name.
 *
 * @throws UserError where both are said, or neither; where there is no such job and no such pool
 */
export async function whichPool(
  nomad: NomadClient,
  { job, pool }: { readonly job?: SlotPoolJob | string; readonly pool?: string },
): Promise<WhichPool> {
  if (job !== undefined && pool !== undefined) {
    const message = "a job says which pool it is of; leave `pool` out, or `job`";
    throw UserError.at("pool", message, "slot-pool/pool");
  }
  if (typeof job === "object") return poolOf({ ID: job.id, Meta: job.meta ?? null });
  const name = job ?? pool;
  if (name === undefined)
    throw UserError.at(
      "job",
      "a slot pool needs its job, the id of it, or the pool's name; write one",
      "slot-pool/job",
    );
  const found = await nomad.job(name);
  if (found !== undefined && found.Stop !== true) return poolOf(found);
  if ((await jobsOfPool(nomad, name)).length > 0) return { pool: name, job: undefined };
  const message =
    found === undefined
      ? `Nomad has no job "${name}", and none of a pool of that name; register it first, or give the job itself, as cdk-nomad serve does with --register`
      : `the job "${name}" is stopped; register it again`;
  throw UserError.at("job", message, "slot-pool/job");
}

/** A job that says of no pool that it is of it is a pool of its own. */
function poolOf(job: JobJson): WhichPool {
  const pool = poolOfJob(job);
  return pool === undefined ? { pool: job.ID, job: job.ID } : { pool, job: undefined };
}
