import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../jobspec";
import { whereOf, type Deployment, type JobJson, type NomadClient } from "../../nomad";
import { type PatienceOptions, patiently } from "../following";
import type { Wanted } from "../stack";
import { isUndecided } from "./job-answers";

/** A job of a stack. */
export type WantedJob = Extract<Wanted, { kind: "job" }>;

/**
 * Jobs of a stack, all or those with an id: the same id in several regions is one job in each of them.
 *
 * @throws UserError where there is none
 */
export function selectJobs(wanted: readonly Wanted[], id?: string): readonly WantedJob[] {
  const jobs = wanted.filter((item) => item.kind === "job");
  const found = id === undefined ? jobs : jobs.filter(({ job }) => job.ID === id);
  if (found.length > 0) return found;
  const ids = [...new Set(jobs.map(({ job }) => job.ID))];
  throw UserError.at(
    "--job",
    `there is no job "${id ?? ""}"; write one of ${ids.join(", ") || "(the stack has none)"}`,
    "job",
  );
}

/** A deployment of a job of a stack. */
export interface JobDeployment {
  readonly wanted: WantedJob;
  readonly job: JobJson;
  readonly deployment: Deployment;
}

/** The newest deployment of each job that has one. */
export async function newestDeployments(
  jobs: readonly WantedJob[],
  nomad: NomadClient,
  options: PatienceOptions,
): Promise<readonly JobDeployment[]> {
  const found = await Promise.all(
    jobs.map(async (wanted) => {
      const [deployment] = await patiently(() => nomad.where(wanted.job).deployments(wanted.job.ID), options);
      return deployment ? [{ wanted, job: wanted.job, deployment }] : [];
    }),
  );
  return found.flat();
}

/** How long the scheduler is waited for, in milliseconds. */
const DECIDING = 10_000;
const LOOK_AGAIN = 200;

/**
 * The newest deployment of each job that has one, once the deployments of versions that were just submitted have begun: whoever submitted
 * them need not have waited.
 */
export async function begunDeployments(
  jobs: readonly WantedJob[],
  nomad: NomadClient,
  options: PatienceOptions,
): Promise<readonly JobDeployment[]> {
  const isDecided = async ({ job }: WantedJob): Promise<boolean> => {
    const where = nomad.where(job);
    const held = await patiently(() => where.job(job.ID), options);
    return !held || !isUndecided(held, await patiently(() => where.evaluations(job.ID), options));
  };
  const until = performance.now() + DECIDING;
  for (let open = jobs; open.length > 0 && performance.now() < until;) {
    const decided = await Promise.all(open.map(isDecided));
    open = open.filter((_, index) => decided[index] !== true);
    if (open.length > 0) await sleep(LOOK_AGAIN, undefined, { signal: options.signal });
  }
  return newestDeployments(jobs, nomad, options);
}

/** How a job is called where it may run in several regions. */
export function nameOf(job: JobJson): string {
  const { region } = whereOf(job);
  return region === undefined ? job.ID : `${job.ID} (${region})`;
}
