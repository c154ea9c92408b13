import { blockOf, bool, int, oneOf, type PropsOf } from "../engine";
import { type Duration, duration } from "../units";

const fields = {
  /**
   * Attempts within the interval, where they are limited.
   *
   * @default 0 for service jobs (unlimited), 1 for batch jobs
   */
  attempts: int("Attempts", {
    min: 0,
    lenient: true,
    nullable: true,
    defaultByType: { service: 0, batch: 1, system: 0, sysbatch: 0 },
  }),
  /**
   * The window in which attempts are counted.
   *
   * @default Duration.hours(24) for batch jobs
   */
  interval: duration("Interval", {
    lenient: true,
    nullable: true,
    defaultByType: { service: 0, batch: 86400e9, system: 0, sysbatch: 0 },
  }),
  /**
   * Wait before the first attempt, five seconds at least.
   *
   * @default Duration.seconds(30) for service jobs, Duration.seconds(5) for batch jobs
   */
  delay: duration("Delay", {
    lenient: true,
    nullable: true,
    defaultByType: { service: 30e9, batch: 5e9, system: 0, sysbatch: 0 },
  }),
  /**
   * How the wait grows from one attempt to the next.
   *
   * @default "exponential" for service jobs, "constant" for batch jobs
   */
  delayFunction: oneOf("DelayFunction", ["constant", "exponential", "fibonacci"], {
    lenient: true,
    judgedByRule: true,
    nullable: true,
    defaultByType: { service: "exponential", batch: "constant", system: "", sysbatch: "" },
  }),
  /**
   * The longest wait.
   *
   * @default Duration.hours(1) for service jobs
   */
  maxDelay: duration("MaxDelay", {
    lenient: true,
    nullable: true,
    defaultByType: { service: 3600e9, batch: 0, system: 0, sysbatch: 0 },
  }),
  /**
   * Whether attempts are without limit.
   *
   * @default true for service jobs, false for batch jobs
   */
  unlimited: bool("Unlimited", {
    nullable: true,
    defaultByType: { service: true, batch: false, system: false, sysbatch: false },
  }),
};

/** Properties of {@link Reschedule}. */
export interface RescheduleProps extends PropsOf<typeof fields> {}

/**
 * How a failed allocation is moved to another node.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/reschedule
 */
export class Reschedule extends blockOf({ api: "ReschedulePolicy", hcl: "reschedule" }, fields) {
  constructor(props: RescheduleProps = {}) {
    super(props);
  }

  /** Never moves a failed allocation. */
  static never(): Reschedule {
    return new Reschedule({ attempts: 0, unlimited: false });
  }

  /** Tries without end, with a growing wait. */
  static unlimited(props: Omit<RescheduleProps, "unlimited" | "attempts" | "interval"> = {}): Reschedule {
    // A batch job has one attempt where nothing is said, and a server refuses that beside no limit.
    return new Reschedule({ ...props, attempts: 0, unlimited: true });
  }

  /** Tries a number of times within an interval. */
  static limited(
    attempts: number,
    interval: Duration,
    props: Omit<RescheduleProps, "unlimited" | "attempts" | "interval"> = {},
  ): Reschedule {
    return new Reschedule({ ...props, attempts, interval, unlimited: false });
  }
}
