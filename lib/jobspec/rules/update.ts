import { Duration } from "../units";
import { Update } from "../blocks";
import { checkLimits, countOf, hasUpdates, updateOf, writtenAt } from "./effective";
import { typeOf, type GroupRule, type JobRule } from "./walk";

/** What a server takes where a task says nothing of it. https://developer.hashicorp.com/nomad/docs/job-specification/task#kill_timeout */
const KILL_TIMEOUT = Duration.seconds(5);

/** Updates: what may be updated how, and deadlines in their order, as they count for the group. */
export const update: GroupRule = ({ value: group, at: groupAt, jobAt, tasks, injected }, job) => {
  const settings = updateOf(group, job);
  if (!settings) return;
  const own = { block: group.update, at: groupAt.property("update") };
  const outer = { block: job.update, at: jobAt.property("update") };
  const place = (name: string) => writtenAt(name, own, outer);
  if (!hasUpdates(job)) {
    (own.block ? own : outer).at.error("update/job-type", `a ${typeOf(job)} job has no updates; remove the block`);
    return;
  }
  if (own.block || outer.block) checkLimits(Update, settings, place);
  const { minHealthyTime, healthyDeadline, progressDeadline, canary } = settings;
  if (minHealthyTime.nanoseconds >= healthyDeadline.nanoseconds) {
    place("minHealthyTime").error(
      "update/deadlines",
      `${minHealthyTime} is not shorter than the healthy deadline, ${healthyDeadline}; shorten it, or lengthen the deadline`,
    );
  }
  if (progressDeadline.nanoseconds !== 0 && healthyDeadline.nanoseconds >= progressDeadline.nanoseconds) {
    place("progressDeadline").error(
      "update/deadlines",
      `${progressDeadline} is not longer than the healthy deadline, ${healthyDeadline}; lengthen it, or write Duration.zero for none`,
    );
  }
  if (settings.autoPromote && canary === 0) {
    place("autoPromote").error(
      "update/promote-without-canary",
      "there is no canary to promote; write canary: 1, or leave autoPromote out",
    );
  }
  const count = countOf(group);
  if (count > 1 && settings.maxParallel > count) {
    place("maxParallel").warning(
      "update/max-parallel-above-count",
      `${settings.maxParallel} is more than the group's count, ${count}: all allocations are replaced at once; write ${count - 1} or fewer`,
    );
  }
  if (typeOf(job) !== "service" || progressDeadline.nanoseconds <= 0) return;
  for (const task of injected.length === 0 ? tasks : [...tasks, ...injected]) {
    // A server takes its default where the time is zero, too.
    const timeout = task.value.killTimeout?.nanoseconds ? task.value.killTimeout : KILL_TIMEOUT;
    if (timeout.nanoseconds <= progressDeadline.nanoseconds) continue;
    const written = timeout === KILL_TIMEOUT ? `the default of ${timeout}` : String(timeout);
    const message = `${written} is longer than the group's progress deadline, ${progressDeadline}; shorten it`;
    task.at.property("killTimeout").error("update/kill-timeout", message);
  }
};

/** Canaries that promote themselves: all groups of a job, or none. */
export const updatesTogether: JobRule = ({ value: job, at }, groups) => {
  const settings = groups.map((group) => updateOf(group.value, job)).filter((found) => found !== undefined);
  if (!settings.some(({ autoPromote }) => autoPromote)) return;
  if (settings.every(({ canary, autoPromote }) => canary === 0 || autoPromote)) return;
  const message =
    "some groups promote their canaries by themselves and others do not, so none will be; write the same for all";
  at.property("groups").warning("update/auto-promote", message);
};
