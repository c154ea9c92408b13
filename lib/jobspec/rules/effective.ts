import type { JobBlock, Migrate, Reschedule, TaskGroup, Update } from "../blocks";
import { Duration } from "../units";

/** The first that was set. A server fills in what was left out the same way: group over job over default. */
function first<T>(...values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

/** The update settings that count for a group, or nothing where neither it nor its job has any. */
export function updateOf(group: TaskGroup, job: JobBlock) {
  const own = group.update;
  const outer = job.update;
  if (!own && !outer) return undefined;
  const pick = <K extends keyof Update>(name: K): Update[K] | undefined => first(own?.[name], outer?.[name]);
  return {
    written: own ? ("group" as const) : ("job" as const),
    maxParallel: pick("maxParallel") ?? 1,
    canary: pick("canary") ?? 0,
    autoPromote: pick("autoPromote") ?? false,
    minHealthyTime: pick("minHealthyTime") ?? Duration.seconds(10),
    healthyDeadline: pick("healthyDeadline") ?? Duration.minutes(5),
    progressDeadline: pick("progressDeadline") ?? Duration.minutes(10),
  };
}

/** The migrate settings that count for a group of a service job. */
export function migrateOf(group: TaskGroup, job: JobBlock) {
  const pick = <K extends keyof Migrate>(name: K): Migrate[K] | undefined =>
    first(group.migrate?.[name], job.migrate?.[name]);
  return {
    minHealthyTime: pick("minHealthyTime") ?? Duration.seconds(10),
    healthyDeadline: pick("healthyDeadline") ?? Duration.minutes(5),
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
  const pick = <K extends keyof Reschedule>(name: K): Reschedule[K] | undefined =>
    first(group.reschedule?.[name], job.reschedule?.[name]);
  return {
    attempts: pick("attempts") ?? (batch ? 1 : 0),
    interval: pick("interval") ?? (batch ? Duration.hours(24) : Duration.zero),
    delay: pick("delay") ?? (batch ? Duration.seconds(5) : Duration.seconds(30)),
    delayFunction: pick("delayFunction") ?? (batch ? "constant" : "exponential"),
    maxDelay: pick("maxDelay") ?? (batch ? Duration.zero : Duration.hours(1)),
    unlimited: pick("unlimited") ?? !batch,
  };
}
