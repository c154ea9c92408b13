import type { TaskGroup, Update } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { Duration } from "../units";
import { typeOf } from "./walk";

const NONE = Duration.zero;
const FIVE_SECONDS = Duration.seconds(5);
const TEN_SECONDS = Duration.seconds(10);
const FIFTEEN_SECONDS = Duration.seconds(15);
const HALF_A_MINUTE = Duration.seconds(30);
const FIVE_MINUTES = Duration.minutes(5);
const TEN_MINUTES = Duration.minutes(10);
const HALF_AN_HOUR = Duration.minutes(30);
const HOUR = Duration.hours(1);
const DAY = Duration.hours(24);

// A server fills in what was left out the same way: group over job over default.

/** How many allocations of a group run: its scaling policy's least where nothing is written. */
export function countOf(group: TaskGroup): number {
  return group.count ?? group.scaling?.min ?? 1;
}

/** What a server takes of the update settings that nobody wrote. https://developer.hashicorp.com/nomad/docs/job-specification/update */
export const UPDATE_DEFAULTS = {
  maxParallel: 1,
  canary: 0,
  autoPromote: false,
  minHealthyTime: TEN_SECONDS,
  healthyDeadline: FIVE_MINUTES,
  progressDeadline: TEN_MINUTES,
} as const;

/** The update settings that count for a group, or nothing where its job's type has none and nobody wrote any. */
export function updateOf(group: TaskGroup, job: JobBlock) {
  const own = group.update;
  const outer = job.update && !isEmpty(job.update) ? job.update : undefined;
  const type = typeOf(job);
  if (!own && !outer && type !== "service" && type !== "system") return undefined;
  return {
    written: (own ?? outer) ? (own ? ("group" as const) : ("job" as const)) : undefined,
    maxParallel: own?.maxParallel ?? outer?.maxParallel ?? UPDATE_DEFAULTS.maxParallel,
    canary: own?.canary ?? outer?.canary ?? UPDATE_DEFAULTS.canary,
    autoPromote: own?.autoPromote ?? outer?.autoPromote ?? UPDATE_DEFAULTS.autoPromote,
    minHealthyTime: own?.minHealthyTime ?? outer?.minHealthyTime ?? UPDATE_DEFAULTS.minHealthyTime,
    healthyDeadline: own?.healthyDeadline ?? outer?.healthyDeadline ?? UPDATE_DEFAULTS.healthyDeadline,
    progressDeadline: own?.progressDeadline ?? outer?.progressDeadline ?? UPDATE_DEFAULTS.progressDeadline,
  };
}

/** Whether every setting was written as nothing: a server then acts as if the block was not there. */
function isEmpty(update: Update): boolean {
  const numbers = [update.maxParallel, update.canary, update.stagger, update.minHealthyTime];
  const deadlines = [update.healthyDeadline, update.progressDeadline];
  return (
    [...numbers, ...deadlines].every((value) => value !== undefined && zero(value)) &&
    (update.healthCheck as string | undefined) === "" &&
    !update.autoRevert &&
    !update.autoPromote
  );
}

function zero(value: number | Duration): boolean {
  return (typeof value === "number" ? value : value.nanoseconds) === 0;
}

/** The migrate settings that count for a group of a service job. */
export function migrateOf(group: TaskGroup, job: JobBlock) {
  const own = group.migrate;
  const outer = job.migrate;
  return {
    maxParallel: own?.maxParallel ?? outer?.maxParallel ?? 1,
    healthCheck: own?.healthCheck ?? outer?.healthCheck ?? "checks",
    minHealthyTime: own?.minHealthyTime ?? outer?.minHealthyTime ?? TEN_SECONDS,
    healthyDeadline: own?.healthyDeadline ?? outer?.healthyDeadline ?? FIVE_MINUTES,
  };
}

/** The restart settings that count for a group. */
export function restartOf(group: TaskGroup, type: string) {
  const lasting = type === "service" || type === "system";
  const own = group.restart;
  return {
    attempts: own?.attempts ?? (lasting ? 2 : 3),
    delay: own?.delay ?? FIFTEEN_SECONDS,
    interval: own?.interval ?? (lasting ? HALF_AN_HOUR : DAY),
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
    interval: own?.interval ?? outer?.interval ?? (batch ? DAY : NONE),
    delay: own?.delay ?? outer?.delay ?? (batch ? FIVE_SECONDS : HALF_A_MINUTE),
    delayFunction: own?.delayFunction ?? outer?.delayFunction ?? (batch ? "constant" : "exponential"),
    maxDelay: own?.maxDelay ?? outer?.maxDelay ?? (batch ? NONE : HOUR),
    unlimited: own?.unlimited ?? outer?.unlimited ?? !batch,
  };
}
