import { Duration, type Job } from "../jobspec";
import { countOf, isKnown, updateOf } from "../jobspec/host";

/** For the evaluation, and for whoever asks now and then only. */
const MARGIN = Duration.minutes(1);

/**
 * How long a deployment of this job may take at most: for the slowest group its progress deadline, and the healthy deadline for
 * every further batch of allocations that are updated at a time. Undefined for jobs that have no deployments, and where it depends on a value
 * that is known only at deploy time.
 */
export function longestDeployment(job: Job): Duration | undefined {
  if ((job.type ?? "service") !== "service" || job.periodic !== undefined || job.parameterized !== undefined)
    return undefined;
  const longest = (job.groups ?? []).flatMap((group) => {
    const update = updateOf(group, job);
    if (!update) return [];
    const { healthyDeadline, progressDeadline, maxParallel } = update;
    const count = countOf(group);
    if (![healthyDeadline, progressDeadline, maxParallel, count, job.type].every(isKnown)) return [undefined];
    // What is no duration is reported as a problem of the job, which is not brought then.
    if (!(healthyDeadline instanceof Duration && progressDeadline instanceof Duration)) return [undefined];
    // With a progress deadline of zero the first allocation that is not healthy in time ends the deployment.
    const progress = progressDeadline.nanoseconds || healthyDeadline.nanoseconds;
    return [progress + healthyDeadline.nanoseconds * (batchesOf(count, maxParallel) - 1)];
  });
  if (longest.length === 0 || !longest.every((each) => each !== undefined)) return undefined;
  return Duration.nanoseconds(Math.max(...longest) + MARGIN.nanoseconds);
}

function batchesOf(count: number, atATime: number): number {
  const parallel = atATime > 0 ? atATime : 1;
  return Number.isSafeInteger(count) && count > 0 ? Math.ceil(count / parallel) : 1;
}
