import type { TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/job";
import { Duration } from "../units";

// A server fills in what was left out the same way: group over job over default.

/** The update settings that count for a group, or nothing where neither it nor its job has any. */
export function updateOf(group: TaskGroup, job: JobBlock) {
  const own = group.update;
  const outer = job.update;
  if (!own && !outer) return undefined;
  return {
    written: own ? ("group" as const) : ("job" as const),
    maxParallel: own?.maxParallel ?? outer?.maxParallel ?? 1,
    canary: own?.canary ?? outer?.canary ?? 0,
    autoPromote: own?.autoPromote ?? outer?.autoPromote ?? false,
    minHealthyTime: own?.minHealthyTime ?? outer?.minHealthyTime ?? Duration.seconds(10),
    healthyDeadline: own?.healthyDeadline ?? outer?.healthyDeadline ?? Duration.minutes(5),
    progressDeadline: own?.progressDeadline ?? outer?.progressDeadline ?? Duration.minutes(10),
  };
}

/** The migrate settings that count for a group of a service job. */
export function migrateOf(group: TaskGroup, job: JobBlock) {
  const own = group.migrate;
  const outer = job.migrate;
  return {
    minHealthyTime: own?.minHealthyTime ?? outer?.minHealthyTime ?? Duration.seconds(10),
    healthyDeadline: own?.healthyDeadline ?? outer?.healthyDeadline ?? Duration.minutes(5),
  };
}

/** The restart settings that count for a group. */
export function restartOf(group: TaskGroup, type: string) {
  const batch = type === "batch" || type === "sysbatch";
  const own = group.restart;
  return {
    attempts: own?.attempts ?? (batch ? 3 : 2),
    delay: own?.delay ?? Duration.seconds(15),
    interval: own?.interval ?? (batch ? Duration.hours(24) : Duration.minutes(30)),
    mode: own?.mode ?? "fail",
  };
}

/** The reschedule settings that count for a group. */
export function rescheduleOf(group: TaskGroup, job: JobBlock, type: string) {
  const batch = type === "batch";
  const own = group.reschedule;
  const outer = job.reschedule;
  return {
    attempts: own?.attempts ?? outer?.attempts ?? (batch ? 1 : 0),
    interval: own?.interval ?? outer?.interval ?? (batch ? Duration.hours(24) : Duration.zero),
    delay: own?.delay ?? outer?.delay ?? (batch ? Duration.seconds(5) : Duration.seconds(30)),
    delayFunction: own?.delayFunction ?? outer?.delayFunction ?? (batch ? "constant" : "exponential"),
    maxDelay: own?.maxDelay ?? outer?.maxDelay ?? (batch ? Duration.zero : Duration.hours(1)),
    unlimited: own?.unlimited ?? outer?.unlimited ?? !batch,
  };
}
