import { setTimeout as sleep } from "node:timers/promises";
import type { Deployment, JobJson, NomadClient } from "../../nomad";
import { type RetryOptions, withRetries } from "../events";
import { isUndecided, type HeldJob } from "./job-answers";
import type { StackJob } from "./stack-jobs";

/** A deployment of a job of a stack. */
export interface JobDeployment {
  readonly stackJob: StackJob;
  readonly job: JobJson;
  readonly deployment: Deployment;
}

/** The newest deployment of each job that has one. */
export async function newestDeployments(
  jobs: readonly StackJob[],
  nomad: NomadClient,
  options: RetryOptions,
): Promise<readonly JobDeployment[]> {
  const found = await Promise.all(
    jobs.map(async (stackJob) => {
      const [deployment] = await withRetries(() => nomad.where(stackJob.job).deployments(stackJob.job.ID), options);
      return deployment ? [{ stackJob, job: stackJob.job, deployment }] : [];
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
  jobs: readonly StackJob[],
  nomad: NomadClient,
  options: RetryOptions,
): Promise<readonly JobDeployment[]> {
  const isDecided = async ({ job }: StackJob): Promise<boolean> => {
    const where = nomad.where(job);
    const held = (await withRetries(() => where.job(job.ID), options)) as HeldJob | undefined;
    return !held || !isUndecided(held, await withRetries(() => where.evaluations(job.ID), options));
  };
  const until = performance.now() + DECIDING;
  for (let open = jobs; open.length > 0 && performance.now() < until;) {
    const decided = await Promise.all(open.map(isDecided));
    open = open.filter((_, index) => decided[index] !== true);
    if (open.length > 0) await sleep(LOOK_AGAIN, undefined, { signal: options.signal });
  }
  return newestDeployments(jobs, nomad, options);
}
