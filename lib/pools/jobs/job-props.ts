import { Duration } from "../../jobspec";
import { ANYTHING, NUMBER, propKind, TEXTS } from "../../jobspec/host";
import { EXECUTION } from "./execution";

/** The kinds of the properties that the jobs of Polydev have in common. */
export const JOB_PROPS = {
  execution: EXECUTION,
  resources: ANYTHING,
  bandwidth: NUMBER,
  priority: NUMBER,
  datacenters: TEXTS,
};

/** A length of time. */
export const DURATION = propKind((value) => value instanceof Duration, "a Duration", "Duration.minutes(10)");
