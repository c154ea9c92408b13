import type { JobStatus } from "./stack-status";

/**
 * What is to be said of all jobs of a stack together: the worst of them. `failed`: something failed, is missing, stopped, or runs less than it shall;
 * `unknown`: nothing is known to be wrong, and of something it is not known; `going-on`: a deployment, or a batch job, goes on.
 */
export type StackVerdict = "failed" | "unknown" | "going-on" | "waiting-for-promotion" | "healthy";

/**
 * Judges the jobs of a stack together.
 *
 * @param options `waitForBatch`: whether a batch job that runs is one that goes on. Default: it is
 */
export function verdictOf(
  jobs: readonly Pick<JobStatus, "state">[],
  { waitForBatch = true }: { readonly waitForBatch?: boolean } = {},
): StackVerdict {
  const some = (...states: readonly JobStatus["state"][]) => jobs.some(({ state }) => states.includes(state));
  if (some("failed", "degraded", "stopped", "missing")) return "failed";
  if (some("unknown")) return "unknown";
  if (some("deploying") || (waitForBatch && some("running"))) return "going-on";
  return some("waiting-for-promotion") ? "waiting-for-promotion" : "healthy";
}
