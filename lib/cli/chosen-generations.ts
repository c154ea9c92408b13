import { UserError } from "../errors";
import { jobsNamed, poolOfJob, type JobJson, type NomadClient } from "../nomad";
import { chooseGeneration, jobsOfPool } from "../pools";
import { term, wrap } from "../text";
import type { CliContext } from "./context";
import { askPoolStores, type PoolClients } from "./pool-stores";
import { ATTENTION } from "./symbols";

/** A job of a pool that leases are to be given from. */
export interface ChosenGeneration {
  readonly pool: string;
  readonly job: string;
  /** `chosen`: they are from now on, and were not before; `current`: they were; `unknown`: the choice could not be written. */
  readonly result: "chosen" | "current" | "unknown";
}

/**
 * Has pools give leases from the jobs that a stack brings, where newer jobs of the same pools run: otherwise an old job that comes back stays an old one, and goes.
 *
 * @param jobs what is brought; those that are no pool's are left out
 * @returns what became of each job of a pool
 * @throws UserError where one was taken away as an old job in this very moment
 */
export async function chooseGenerations(
  jobs: readonly JobJson[],
  clients: PoolClients,
  { terminal }: Pick<CliContext, "terminal">,
): Promise<readonly ChosenGeneration[]> {
  const chosen: ChosenGeneration[] = [];
  for (const job of jobs) {
    const pool = poolOfJob(job);
    if (pool === undefined) continue;
    const nomad = clients.nomad.where(job);
    const wasThere = isRunning(await nomad.job(job.ID));
    const answer = await choose({ pool, job: job.ID }, { ...clients, nomad });
    const result = typeof answer === "object" ? "unknown" : answer;
    chosen.push({ pool, job: job.ID, result });
    if (typeof answer === "object") {
      const text = term`${ATTENTION} whether ${pool} gives leases from ${job.ID} is not known, since that cannot be written: ${answer.unknown}`;
      terminal.note(wrap(text, { hanging: 2 }));
    }
    if (result !== "chosen") continue;
    if (wasThere && !isRunning(await nomad.job(job.ID)))
      throw UserError.at(job.ID, `was taken away as an old job of ${pool} in this very moment; try again`, "pool/gone");
    terminal.note(wrap(term`${pool} gives leases from ${job.ID} again, in the place of a newer job`, { hanging: 2 }));
  }
  return chosen;
}

/** Where nothing of the pool is kept anywhere, its managers will look in the first of the stores that answers. */
async function choose(wanted: Pick<ChosenGeneration, "pool" | "job">, clients: PoolClients) {
  for (const always of [false, true]) {
    const answers = await askPoolStores([wanted.pool], clients, async (store, _pool, options) => {
      const done = await chooseGeneration(store, clients.nomad, { ...wanted, ...options, always });
      return done === "absent" ? undefined : ({ done } as const);
    });
    const answer = answers.get(wanted.pool);
    if (answer !== undefined) return "done" in answer ? answer.done : answer;
  }
  return { unknown: "neither Consul nor Nomad keeps anything of it" };
}

/**
 * The older job of a pool that a pool's job is taken back to.
 *
 * @param named what somebody wrote: the pool, its job of now, or the older job
 * @param program the jobs of the stack's program
 * @returns undefined where something else is meant
 * @throws UserError where the pool has no older job
 */
export async function olderGeneration(
  named: string | undefined,
  program: readonly JobJson[],
  { nomad }: PoolClients,
): Promise<{ readonly pool: string; readonly job: JobJson } | undefined> {
  for (const job of named === undefined ? [] : program) {
    const pool = poolOfJob(job);
    // A pool with one id for ever goes back to a version of it, as other jobs do.
    if (pool === undefined || pool === job.ID || named === undefined) continue;
    const isNow = named === pool || named === job.ID;
    if (!isNow && !jobsNamed(pool, [named]).has(named)) continue;
    const where = nomad.where(job);
    const older = isNow ? await newestOther(where, pool, job.ID) : await where.job(named);
    if (older && older.Stop !== true && poolOfJob(older) === pool)
      return { pool, job: { ...older, Region: job.Region, Namespace: job.Namespace } };
    if (!isNow) return undefined;
    throw UserError.at(
      job.ID,
      `is the only job of ${pool} that runs; bring the program as it was before, and deploy it`,
      "rollback/version",
    );
  }
  return undefined;
}

async function newestOther(nomad: NomadClient, pool: string, job: string): Promise<JobJson | undefined> {
  const others = (await jobsOfPool(nomad, pool)).filter(({ ID }) => ID !== job);
  return others.sort((a, b) => Number(b.CreateIndex ?? 0) - Number(a.CreateIndex ?? 0))[0];
}

function isRunning(job: JobJson | undefined): boolean {
  return job !== undefined && job.Stop !== true;
}
