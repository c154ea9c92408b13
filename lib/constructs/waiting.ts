import { Duration, type Job } from "../jobspec";
import { countOf, UPDATE_DEFAULTS, updateOf } from "../jobspec/host";

/** Whether a deployment of this job ends only when somebody promotes its canaries. */
export function waitsForPromotion(job: Job): boolean {
  return (job.groups ?? []).some((group) => {
    const update = updateOf(group, job);
    return update !== undefined && update.canary > 0 && !update.autoPromote;
  });
}

/** For the evaluation, and for whoever asks now and then only. */
const MARGIN = Duration.minutes(1);

/**
 * How long a deployment of this job may take at most: for the slowest group its progress deadline, and the healthy deadline for
 * every further batch of allocations that are updated at a time. Undefined for jobs that have no deployments.
 */
export function longestDeployment(job: Job): Duration | undefined {
  if ((job.type ?? "service") !== "service" || job.periodic !== undefined || job.parameterized !== undefined)
    return undefined;
  const longest = (job.groups ?? []).flatMap((group) => {
    const update = updateOf(group, job);
    if (!update) return [];
    const healthy = nanosecondsOf(update, "healthyDeadline");
    // With a progress deadline of zero the first allocation that is not healthy in time ends the deployment.
    const progress = nanosecondsOf(update, "progressDeadline") || healthy;
    return [progress + healthy * (batchesOf(countOf(group), update.maxParallel) - 1)];
  });
  return longest.length === 0 ? undefined : Duration.nanoseconds(Math.max(...longest) + MARGIN.nanoseconds);
}

/** A deadline; the default where only Terraform knows it. */
function nanosecondsOf(
  update: NonNullable<ReturnType<typeof updateOf>>,
  name: "healthyDeadline" | "progressDeadline",
): number {
  const deadline: unknown = update[name];
  return (deadline instanceof Duration ? deadline : UPDATE_DEFAULTS[name]).nanoseconds;
}

function batchesOf(count: number, atATime: number): number {
  const parallel = atATime > 0 ? atATime : 1;
  // What only Terraform knows counts as one.
  return Number.isSafeInteger(count) && count > 0 ? Math.ceil(count / parallel) : 1;
}
