import type { StackObject } from "../stack";
import { launchesOthers } from "../../nomad";
import { isBatch } from "./job-answers";
import { begunDeployments } from "./job-deployments";
import type { JobOptions } from "./options";
import type { JobOutcome } from "./outcome";
import { jobsToAskAbout, type StackJob } from "./stack-jobs";
import { jobStatus } from "./stack-status";
import { forEachWatched, isGoingOn, watchOne, type Watched } from "./watch-each";

/**
 * Watches what goes on of a stack, whoever began it: deployments, and batch jobs that have not ended.
 *
 * @returns those that went on
 */
export async function watchStack(objects: readonly StackObject[], options: JobOptions): Promise<readonly JobOutcome[]> {
  const jobs = await jobsToAskAbout(objects, options);
  const found = await begunDeployments(jobs, options.nomad, options);
  const batch = options.waitForBatch === false ? [] : await runningBatchJobs(jobs, options);
  return forEachWatched([...found.filter(isGoingOn), ...batch], options, (item, watching) =>
    watchOne(item, options, watching),
  );
}

async function runningBatchJobs(jobs: readonly StackJob[], options: JobOptions): Promise<readonly Watched[]> {
  const batch = jobs.filter(({ job }) => isBatch(job) && !launchesOthers(job));
  const states = await Promise.all(batch.map((item) => jobStatus(item, options)));
  return batch
    .filter((_, index) => states[index]?.state === "running")
    .map((stackJob) => ({ stackJob, job: stackJob.job }));
}
