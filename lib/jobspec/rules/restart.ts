import { Migrate, Restart } from "../blocks";
import type { TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import type { Place } from "../engine";
import { checkLimits, countOf, migrateOf, restartOf, writtenAt, type RestartSettings } from "./effective";
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
  const product = attempts * delay.nanoseconds;
  if (Number.isSafeInteger(product) && product <= interval.nanoseconds) return;
  // A server multiplies in 64 bits, and takes what overflows into less.
  const taken = BigInt.asIntN(64, BigInt(attempts) * BigInt(delay.nanoseconds)) <= BigInt(interval.nanoseconds);
  if (taken && product <= interval.nanoseconds) return;
  const message = `${attempts} attempts with a delay of ${delay} do not fit into ${interval}; lengthen the interval`;
  place("interval").report({ rule: "restart/attempts-do-not-fit", message, severity: taken ? "warning" : severity });
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
  oldFields(group, typeOf(job), at);
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

/** The settings that the block took the place of, as releases judge them that read them. */
function oldFields(group: TaskGroup, type: string, at: Place): void {
  const { stopAfterClientDisconnect: stop, maxClientDisconnect: most, preventRescheduleOnLost: prevents } = group;
  const refuse = (name: keyof TaskGroup & string, message: string) =>
    at.property(name).error("disconnect/old-fields", message);
  if (stop) {
    if (stop.nanoseconds < 0) refuse("stopAfterClientDisconnect", `${stop} is negative; write zero or more`);
    else if (stop.nanoseconds > 0 && type !== "service" && type !== "batch")
      refuse("stopAfterClientDisconnect", `a ${type} job cannot be stopped by its node; remove it`);
  }
  if (most && most.nanoseconds < 0) refuse("maxClientDisconnect", `${most} is negative; write zero or more`);
  if (most && stop) refuse("maxClientDisconnect", "does not go with stopAfterClientDisconnect; remove one of the two");
  const { lostAfter, stopOnClientAfter, replace } = group.disconnect ?? {};
  if (most && lostAfter?.nanoseconds) refuse("maxClientDisconnect", "does not go with disconnect.lostAfter; remove it");
  if (stop && stopOnClientAfter)
    refuse("stopAfterClientDisconnect", "does not go with disconnect.stopOnClientAfter; remove it");
  if (prevents && replace !== undefined)
    refuse("preventRescheduleOnLost", "does not go with disconnect.replace; remove it");
}

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
