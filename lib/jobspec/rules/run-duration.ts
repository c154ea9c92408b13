import { typeOf, type GroupRule } from "./walk";

/**
 * How long the tasks of a group may run: for jobs that end, and longer than nothing. Nomad knows it since 2.0.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/group#max_run_duration
 */
export const runDuration: GroupRule = ({ value: { maxRunDuration }, at }, job) => {
  if (!maxRunDuration) return;
  const place = at.property("maxRunDuration");
  const type = typeOf(job);
  if (type !== "batch" && type !== "sysbatch")
    place.error(
      "group/run-duration",
      `only batch and sysbatch jobs end by themselves, and this is a ${type} job; remove it`,
    );
  if (maxRunDuration.nanoseconds <= 0)
    place.error(
      "group/run-duration",
      `${maxRunDuration} is too short; write Duration.minutes(10), say, or leave it out`,
    );
};
