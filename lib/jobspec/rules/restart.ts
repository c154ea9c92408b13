import { migrateOf, rescheduleOf, restartOf } from "./effective";
import { typeOf, type GroupRule } from "./walk";

/** Restarts, reschedules and migrations: figures that go together, in jobs that know them. */
export const restart: GroupRule = ({ value: group, at }, job) => {
  if (!group.restart) return;
  const settings = restartOf(group, typeOf(job));
  const place = at.property("restart");
  if (settings.attempts === 0 && settings.mode === "delay") {
    place
      .property("mode")
      .error(
        "restart/ambiguous",
        '"delay" with 0 attempts says two things; write Restart.never(), or 1 attempt or more',
      );
  }
  if (settings.attempts * settings.delay.nanoseconds > settings.interval.nanoseconds) {
    place
      .property("interval")
      .error(
        "restart/attempts-do-not-fit",
        `${settings.attempts} attempts with a delay of ${settings.delay} do not fit into ${settings.interval}; lengthen the interval`,
      );
  }
};

/** Failed allocations on other nodes. */
export const reschedule: GroupRule = ({ value: group, at }, job) => {
  if (!group.reschedule && !job.reschedule) return;
  const type = typeOf(job);
  const place = at.property("reschedule");
  if (type === "system" || type === "sysbatch") {
    place.error("reschedule/job-type", `a ${type} job is on every node already; remove the block`);
    return;
  }
  const settings = rescheduleOf(group, job, type);
  if (settings.attempts === 0 && !settings.unlimited) return;
  if (settings.attempts > 0 && settings.unlimited) {
    place
      .property("unlimited")
      .error(
        "reschedule/ambiguous",
        "unlimited and a number of attempts say two things; write Reschedule.limited(…) or Reschedule.unlimited(…)",
      );
  }
  if (settings.attempts > 0 && settings.interval.nanoseconds <= 0) {
    place
      .property("interval")
      .error("reschedule/interval", "attempts are counted within an interval; write one, such as Duration.hours(1)");
  }
  if (settings.delay.seconds < 5)
    place.property("delay").error("reschedule/delay", `${settings.delay} is too short; write 5s or more`);
  if (settings.delayFunction !== "constant" && settings.maxDelay.nanoseconds < settings.delay.nanoseconds) {
    place
      .property("maxDelay")
      .error(
        "reschedule/max-delay",
        `${settings.maxDelay} is shorter than the first delay, ${settings.delay}; lengthen it`,
      );
  }
  if (
    !settings.unlimited &&
    settings.delayFunction === "constant" &&
    settings.interval.nanoseconds < settings.attempts * settings.delay.nanoseconds
  ) {
    place
      .property("interval")
      .error(
        "reschedule/attempts-do-not-fit",
        `${settings.attempts} attempts with a delay of ${settings.delay} do not fit into ${settings.interval}; lengthen the interval`,
      );
  }
};

/** Leaving a drained node. */
export const migrate: GroupRule = ({ value: group, at }, job) => {
  if (!group.migrate && !job.migrate) return;
  const type = typeOf(job);
  const place = at.property("migrate");
  if (type !== "service") {
    place.error("migrate/job-type", `a ${type} job does not migrate; remove the block`);
    return;
  }
  const { minHealthyTime, healthyDeadline } = migrateOf(group, job);
  if (minHealthyTime.nanoseconds > healthyDeadline.nanoseconds) {
    place
      .property("minHealthyTime")
      .error(
        "migrate/deadlines",
        `${minHealthyTime} is longer than the healthy deadline, ${healthyDeadline}; shorten it`,
      );
  }
};
