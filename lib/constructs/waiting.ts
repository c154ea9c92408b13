import { Duration, type Job, type TaskGroup, type Update } from "../jobspec";

/** Whether a deployment of this job ends only when somebody promotes its canaries. */
export function waitsForPromotion(job: Job): boolean {
  return (job.groups ?? []).some((group) => {
    const canary = group.update?.canary ?? job.update?.canary ?? 0;
    return canary > 0 && !(group.update?.autoPromote ?? job.update?.autoPromote ?? false);
  });
}

/** What Nomad takes where nobody says it. https://developer.hashicorp.com/nomad/docs/job-specification/update */
const PROGRESS_DEADLINE = Duration.minutes(10);
const HEALTHY_DEADLINE = Duration.minutes(5);
/** For the evaluation, and for whoever asks now and then only. */
const MARGIN = Duration.minutes(1);

/**
 * How long a deployment of this job may take at most: for the slowest group its progress deadline, and the healthy deadline for
 * every further batch of allocations that are updated at a time. Undefined for jobs that have no deployments.
 */
export function longestDeployment(job: Job): Duration | undefined {
  if ((job.type ?? "service") !== "service" || job.periodic !== undefined || job.parameterized !== undefined)
    return undefined;
  const longest = (job.groups ?? []).map((group) => {
    const said = <K extends keyof Update>(name: K) => group.update?.[name] ?? job.update?.[name];
    const healthy = durationOf(said("healthyDeadline"), HEALTHY_DEADLINE);
    // With a progress deadline of zero the first allocation that is not healthy in time ends the deployment.
    const progress = durationOf(said("progressDeadline"), PROGRESS_DEADLINE) || healthy;
    return progress + healthy * (batchesOf(group, said("maxParallel")) - 1);
  });
  return longest.length === 0 ? undefined : Duration.nanoseconds(Math.max(...longest) + MARGIN.nanoseconds);
}

function batchesOf({ count = 1 }: TaskGroup, atATime: unknown): number {
  const parallel = typeof atATime === "number" && atATime > 0 ? atATime : 1;
  // What only Terraform knows counts as one.
  return Number.isSafeInteger(count) && count > 0 ? Math.ceil(count / parallel) : 1;
}

function durationOf(value: unknown, fallback: Duration): number {
  return (value instanceof Duration ? value : fallback).nanoseconds;
}
