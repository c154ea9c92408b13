import { block, blockOf, text, type PropsOf } from "../engine";

const cronFields = {
  /** When the task starts: a cron expression without seconds. */
  start: text("Start", { required: true }),
  /** When it ends: minute and hour of a cron expression, such as `30 17`. */
  end: text("End", { required: true }),
  /** The time zone of both. @default - the node's */
  timezone: text("Timezone"),
};

/** Properties of {@link ScheduleCron}. */
export interface ScheduleCronProps extends PropsOf<typeof cronFields> {}

/**
 * The hours of a task, as cron expressions.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/schedule
 */
export class ScheduleCron extends blockOf({ api: "TaskScheduleCron", hcl: "cron" }, cronFields) {
  constructor(props: ScheduleCronProps) {
    super(props);
  }
}

const fields = {
  /** Its hours. */
  cron: block("Cron", () => ScheduleCron, { required: true, lenient: true, enterprise: true }),
};

/** Properties of {@link Schedule}. */
export interface ScheduleProps extends PropsOf<typeof fields> {}

/**
 * Runs a task of a service job only at certain hours, for Nomad Enterprise.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/schedule
 */
export class Schedule extends blockOf({ api: "TaskSchedule", hcl: "schedule" }, fields) {
  constructor(props: ScheduleProps) {
    super(props);
  }
}
