import { withRegionalChanges } from "../events";
import type { OperationOptions } from "./options";
import { goesOn } from "./deployment-status";
import type { JobDeployment } from "./job-deployments";
import type { JobOutcome, Outcome } from "./outcome";
import { inParallel } from "./parallel";
import { ALREADY_RUNNING, begunBy, watchDeployment, type WatchOptions } from "./watch";

/** What is watched: a deployment, or a job that has none. */
export type Watched = Pick<JobDeployment, "stackJob" | "job"> & Partial<JobDeployment>;

/** Runs something for every deployment or job at the same time, over one stream of events for each region. */
export async function forEachWatched<I extends Watched>(
  items: readonly I[],
  options: OperationOptions,
  run: (item: I, watching: WatchOptions) => Promise<Outcome>,
): Promise<readonly JobOutcome[]> {
  const jobs = items.map(({ job }) => job);
  return withRegionalChanges(options.nomad, jobs, options, (regional) =>
    inParallel(items, options.signal, async (item, signal) => ({
      ...(await run(item, { ...options, signal, changes: regional.of(item.job) })),
      path: item.stackJob.path,
      job: item.job,
    })),
  );
}

/** Watches a deployment, or a job that has none, until it has ended or waits for somebody. */
export function watchOne(
  { job, deployment }: Watched,
  options: OperationOptions,
  watching: WatchOptions,
): Promise<Outcome> {
  const begun = deployment ? begunBy(deployment) : ALREADY_RUNNING;
  return watchDeployment(options.nomad.where(job), job, begun, watching);
}

/** Whether the deployment of a job has not ended. */
export function isGoingOn({ deployment }: JobDeployment): boolean {
  return goesOn(deployment);
}
