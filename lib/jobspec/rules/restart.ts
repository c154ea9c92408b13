import { Migrate, Restart } from "../blocks";
import type { TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { isDeferred, isKnown, type Place } from "../engine";
import {
  checkLimits,
  countOf,
  migrateOf,
  rescheduleOf,
  restartOf,
  writtenAt,
  type RescheduleSettings,
  type RestartSettings,
} from "./effective";
import { typeOf, type GroupRule } from "./walk";

/** Restarts: figures that go together. A server judges what counts for a group, and never what a task writes over it. */
export const restart: GroupRule = ({ value: group, at, tasks }, job) => {
  const type = typeOf(job);
  if (group.restart) restarts(restartOf(group, type), (name) => at.property("restart").property(name), "error");
  for (const task of tasks) {
    const own = task.value.restart;
    if (!own) continue;
    const place = (name: string) => writtenAt(name, ownAt(own, task.at), ownAt(group.restart, at));
    restarts(restartOf(group, type, own), place, "warning");
  }
};

const ownAt = (block: Restart | undefined, at: Place) => ({ block, at: at.property("restart") });

function restarts(settings: RestartSettings, place: (name: string) => Place, severity: "error" | "warning"): void {
  const { attempts, delay, interval, mode } = settings;
  checkLimits(Restart, settings, place, { lenient: severity === "warning" });
  if (attempts === 0 && mode !== "fail") {
    const message = `"${mode}" with 0 attempts says two things; write Restart.never(), or 1 attempt or more`;
    place("mode").report({ rule: "restart/ambiguous", message, severity });
  }
  if (isDeferred(attempts) || isDeferred(delay.nanoseconds) || isDeferred(interval.nanoseconds)) return;
  const product = attempts * delay.nanoseconds;
  if (Number.isSafeInteger(product) && product <= interval.nanoseconds) return;
  // A server multiplies in 64 bits, and takes what overflows into less.
  const taken = BigInt.asIntN(64, BigInt(attempts) * BigInt(delay.nanoseconds)) <= BigInt(interval.nanoseconds);
  if (taken && product <= interval.nanoseconds) return;
  const message = `${attempts} attempts with a delay of ${delay} do not fit into ${interval}; lengthen the interval`;
  place("interval").report({ rule: "restart/attempts-do-not-fit", message, severity: taken ? "warning" : severity });
}

/** Failed allocations on other nodes. */
export const reschedule: GroupRule = ({ value: group, at, jobAt }, job) => {
  if (!group.reschedule && !job.reschedule) return;
  const type = typeOf(job);
  const own = { block: group.reschedule, at: at.property("reschedule") };
  const outer = { block: job.reschedule, at: jobAt.property("reschedule") };
  if (type === "system" || type === "sysbatch") {
    const message = `a ${type} job is on every node already; remove the block`;
    (own.block ? own : outer).at.error("reschedule/job-type", message);
    return;
  }
  if (type !== "service" && type !== "batch") return;
  delays(rescheduleOf(group, job, type), (name) => writtenAt(name, own, outer));
};

const FUNCTIONS: readonly string[] = ["constant", "exponential", "fibonacci"];
const SHORTEST = 5;

function delays(settings: RescheduleSettings, place: (name: string) => Place): void {
  const { attempts, unlimited, interval, delay, maxDelay } = settings;
  if (attempts <= 0 && !unlimited) return;
  if (attempts > 0 && unlimited) {
    const message =
      "unlimited and a number of attempts say two things; write Reschedule.limited(…) or Reschedule.unlimited(…)";
    place("unlimited").error("reschedule/ambiguous", message);
  }
  let readable = true;
  const wrong = (property: string, rule: string, message: string) => {
    readable = false;
    place(property).error(rule, message);
  };
  const growing = settings.delayFunction !== "constant";
  if (delay.seconds < SHORTEST) wrong("delay", "reschedule/delay", `${delay} is too short; write ${SHORTEST}s or more`);
  if (!FUNCTIONS.includes(settings.delayFunction)) {
    const message = `"${settings.delayFunction}" is not known; write one of ${FUNCTIONS.map((name) => `"${name}"`).join(", ")}`;
    wrong("delayFunction", "reschedule/delay-function", message);
  }
  if (growing && maxDelay.seconds < SHORTEST)
    wrong("maxDelay", "reschedule/max-delay", `${maxDelay} is too short; write ${SHORTEST}s or more`);
  else if (growing && maxDelay.nanoseconds < delay.nanoseconds)
    wrong("maxDelay", "reschedule/max-delay", `${maxDelay} is shorter than the first delay, ${delay}; lengthen it`);
  if (unlimited) {
    if (attempts > 0 && interval.nanoseconds <= 0) place("interval").error("reschedule/interval", NO_INTERVAL);
    return;
  }
  if (interval.seconds < 15) {
    const message = interval.nanoseconds <= 0 ? NO_INTERVAL : `${interval} is too short; write 15s or more`;
    place("interval").error("reschedule/interval", message);
  }
  if (!readable || attemptsFit(settings)) return;
  const message = `${attempts} attempts with a delay of ${delay} do not fit into ${interval}; lengthen the interval`;
  place("interval").error("reschedule/attempts-do-not-fit", message);
}

const NO_INTERVAL = "attempts are counted within an interval; write one, such as Duration.hours(1)";

/** Whether the waits between the attempts fit into the interval, counted as a server counts them. */
function attemptsFit({ attempts, interval, delay, maxDelay, delayFunction }: RescheduleSettings): boolean {
  const [first, most, within] = [delay.nanoseconds, maxDelay.nanoseconds, interval.nanoseconds];
  if (delayFunction === "constant") return within >= attempts * first;
  if (delayFunction === "exponential") {
    let last = 0;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const next = 2 ** attempt * first;
      last = next > most ? last + most : next;
      if (last >= within) return false;
    }
    return true;
  }
  let [before, last] = [first, first];
  let ceiling = false;
  for (let attempt = 2; attempt < attempts; attempt += 1) {
    let next: number = ceiling ? last + most : last + before;
    if (!ceiling && next > most) [next, ceiling] = [most, true];
    [before, last] = [last, next];
    if (last > within) return false;
  }
  return within >= last;
}

/** Leaving a drained node. */
export const migrate: GroupRule = ({ value: group, at, jobAt }, job) => {
  if (!group.migrate && !job.migrate) return;
  const type = typeOf(job);
  const own = { block: group.migrate, at: at.property("migrate") };
  const outer = { block: job.migrate, at: jobAt.property("migrate") };
  if (type !== "service") {
    (own.block ? own : outer).at.error("migrate/job-type", `a ${type} job does not migrate; remove the block`);
    return;
  }
  const place = (name: string) => writtenAt(name, own, outer);
  const settings = migrateOf(group, job);
  const { maxParallel, healthCheck, minHealthyTime, healthyDeadline } = settings;
  checkLimits(Migrate, settings, place);
  if ((healthCheck as string) === "" && maxParallel > 0)
    place("healthCheck").error("migrate/health-check", 'is empty; write "checks" or "task_states"');
  if (minHealthyTime.nanoseconds > healthyDeadline.nanoseconds) {
    const message = `${minHealthyTime} is longer than the healthy deadline, ${healthyDeadline}; shorten it`;
    place("minHealthyTime").error("migrate/deadlines", message);
  }
};

/** Nodes that lost their connection. */
export const disconnect: GroupRule = ({ value: group, at }, job) => {
  if (!group.disconnect) return;
  const place = at.property("disconnect").property("stopOnClientAfter");
  const { stopOnClientAfter, lostAfter } = group.disconnect;
  if (!stopOnClientAfter) return;
  const type = typeOf(job);
  if (type !== "service" && type !== "batch")
    place.error("disconnect/job-type", `a ${type} job cannot be stopped by its node; remove it`);
  if (lostAfter && lostAfter.nanoseconds !== 0)
    place.error("disconnect/both", "does not go with lostAfter; remove one of the two");
};

/** Limits within which a group's count may be changed. */
export const scaling: GroupRule = ({ value: group, at }, job) => {
  if (!group.scaling) return;
  limits(group, job, at.property("scaling"));
  if (typeOf(job) !== "system") return;
  // A server says so only when the job is registered, and not when it is asked to judge it.
  const message = "a system job runs once on every node, and a server registers none that is scaled; remove the block";
  at.property("scaling").report({ rule: "scaling/job-type", message, severity: "warning", stopsSynthesis: true });
};

function limits(group: TaskGroup, job: JobBlock, at: Place): void {
  const { scaling: policy } = group;
  if (!policy) return;
  const { max } = policy;
  const wanted = countOf(group);
  const min = policy.min ?? wanted;
  if (policy.type && policy.type !== "horizontal")
    at.property("type").error(
      "scaling/type",
      `"${policy.type}" is not for groups; write "horizontal", or leave it out`,
    );
  if (![max, min, wanted].every(isKnown)) return;
  if (max === undefined || max < 0)
    at.property("max").error("scaling/max", "must be given, 0 or more; write the most allocations");
  else if (max < min)
    at.property("max").error("scaling/max", `${max} is less than the least, ${min}; write ${min} or more`);
  if (min < 0) at.property("min").error("scaling/min", `${min} is negative; write 0 or more`);
  if (max !== undefined && max < wanted)
    at.property("max").error(
      "scaling/count",
      `${max} is less than the group's count, ${wanted}; write ${wanted} or more`,
    );
  if (wanted < min && !(job.multiregion && wanted === 0))
    at.property("min").error(
      "scaling/count",
      `${min} is more than the group's count, ${wanted}; write ${wanted} or less`,
    );
}
