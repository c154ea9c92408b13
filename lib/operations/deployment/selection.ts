import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../jobspec";
import { whereOf, type Deployment, type JobJson, type NomadClient } from "../../nomad";
import { type PatienceOptions, patiently } from "../following";
import type { Wanted } from "../stack";

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

/** How long the server may take to begin the deployment of a version that was just submitted. */
const BEGINNING = 10_000;
const LOOK_AGAIN = 200;

/**
 * The newest deployment of each job that has one, once the deployments of versions that were just submitted have begun: whoever submitted them need not have waited.
 *
 * A version that changes nothing of its allocations has no deployment, so that is not waited for longer than a moment.
 */
export async function begunDeployments(
  jobs: readonly WantedJob[],
  nomad: NomadClient,
  options: PatienceOptions,
): Promise<readonly JobDeployment[]> {
  for (;;) {
    const [found, held] = await Promise.all([
      newestDeployments(jobs, nomad, options),
      Promise.all(jobs.map(({ job }) => patiently(() => nomad.where(job).job(job.ID), options))),
    ]);
    const beginning = jobs.some(({ path }, index) => {
      const newest = found.find(({ wanted }) => wanted.path === path)?.deployment;
      return justSubmitted(held[index]) && newest?.JobVersion !== held[index]?.Version;
    });
    if (!beginning) return found;
    await sleep(LOOK_AGAIN, undefined, { signal: options.signal });
  }
}

/** Whether a job of a kind that has deployments was submitted a moment ago. */
export function justSubmitted(held: JobJson | undefined): boolean {
  if (!held || held.Stop === true || held.Type !== "service") return false;
  if (held.Periodic || held.ParameterizedJob) return false;
  // eslint-disable-next-line no-restricted-properties -- the server's time of day, to a minute
  return Date.now() - Number(held.SubmitTime) / 1e6 < BEGINNING;
}

/** How a job is called where it may run in several regions. */
export function nameOf(job: JobJson): string {
  const { region } = whereOf(job);
  return region === undefined ? job.ID : `${job.ID} (${region})`;
}
