import { isDeferred } from "../engine";
import { countOf, updateOf } from "./effective";
import { typeOf, type GroupRule, type JobRule } from "./walk";

/** Updates: what may be updated how, deadlines in their order, canaries that can be placed. */
export const update: GroupRule = ({ value: group, at: groupAt, tasks, injected }, job) => {
  const settings = updateOf(group, job);
  if (!settings) return;
  const type = typeOf(job);
  const at = groupAt.property("update");

  if (settings.written !== undefined && type !== "service" && type !== "system") {
    at.error("update/job-type", `a ${type} job has no updates; remove the block`);
    return;
  }
  const { minHealthyTime, healthyDeadline, progressDeadline, canary } = settings;
  if (minHealthyTime.nanoseconds >= healthyDeadline.nanoseconds) {
    at.property("minHealthyTime").error(
      "update/deadlines",
      `${minHealthyTime} is not shorter than the healthy deadline, ${healthyDeadline}; shorten it, or lengthen the deadline`,
    );
  }
  if (progressDeadline.nanoseconds !== 0 && healthyDeadline.nanoseconds >= progressDeadline.nanoseconds) {
    at.property("progressDeadline").error(
      "update/deadlines",
      `${progressDeadline} is not longer than the healthy deadline, ${healthyDeadline}; lengthen it, or write Duration.zero for none`,
    );
  }
  if (settings.autoPromote && canary === 0) {
    at.property("autoPromote").error(
      "update/promote-without-canary",
      "there is no canary to promote; write canary: 1, or leave autoPromote out",
    );
  }
  const count = countOf(group);
  if (!isDeferred(count) && !isDeferred(canary) && count >= 0 && canary > count && type === "service") {
    at.property("canary").warning(
      "update/canary-above-count",
      `${canary} canaries are more than the group's count, ${count}; write ${count} or fewer`,
    );
  }
  if (!isDeferred(count) && count > 1 && settings.maxParallel > count) {
    at.property("maxParallel").warning(
      "update/max-parallel-above-count",
      `${settings.maxParallel} is more than the group's count, ${count}: all allocations are replaced at once; write ${count - 1} or fewer`,
    );
  }
  if (type !== "service" || progressDeadline.nanoseconds <= 0) return;
  for (const task of injected.length === 0 ? tasks : [...tasks, ...injected]) {
    const timeout = task.value.killTimeout;
    if (timeout && timeout.nanoseconds > progressDeadline.nanoseconds) {
      task.at
        .property("killTimeout")
        .error(
          "update/kill-timeout",
          `${timeout} is longer than the group's progress deadline, ${progressDeadline}; shorten it`,
        );
    }
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
