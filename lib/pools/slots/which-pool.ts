import { UserError } from "../../jobspec";
import { poolOfJob, type NomadClient } from "../../nomad";
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
 * @param given `pool`: its name, where that is not said by the job. Default: the pool of the job, else the job's id
 * @throws UserError where there is no such job and no such pool, or the job is of another pool
 */
export async function whichPool(
  nomad: NomadClient,
  { job, pool }: { readonly job?: SlotPoolJob | string; readonly pool?: string },
): Promise<WhichPool> {
  if (job !== undefined && typeof job !== "string")
    return checked(poolOfJob({ ID: job.id, Meta: job.meta ?? null }), job.id, pool);
  const name = job ?? pool;
  if (name === undefined)
    throw UserError.at(
      "job",
      "a slot pool needs its job, the id of it, or the pool's name; write one",
      "slot-pool/job",
    );
  const found = await nomad.job(name);
  if (found !== undefined && found.Stop !== true) return checked(poolOfJob(found), name, pool);
  if ((await jobsOfPool(nomad, pool ?? name)).length > 0) return { pool: pool ?? name, job: undefined };
  const message =
    found === undefined
      ? `Nomad has no job "${name}", and none of a pool of that name; register it first, or give the job itself`
      : `the job "${name}" is stopped; register it again`;
  throw UserError.at("job", message, "slot-pool/job");
}

function checked(named: string | undefined, job: string, pool: string | undefined): WhichPool {
  if (named === undefined) return { pool: pool ?? job, job };
  if (pool === undefined || pool === named) return { pool: named, job: undefined };
  const message = `the job "${job}" is of the pool ${named}, and this is the pool ${pool}; leave \`pool\` out, or write ${named}`;
  throw UserError.at("pool", message, "slot-pool/pool");
}
