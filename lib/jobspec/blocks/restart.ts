import { blockOf, bool, int, oneOf, type PropsOf } from "../engine";
import { Duration, duration } from "../units";

const fields = {
  /**
   * Restarts allowed within the interval.
   *
   * @default 2 for service and system jobs, 3 for batch and sysbatch jobs
   */
  attempts: int("Attempts", {
    min: 0,
    lenient: true,
    judgedByRule: true,
    nullable: true,
    defaultByType: { service: 2, system: 2, batch: 3, sysbatch: 3 },
  }),
  /**
   * Wait before a restart; Nomad adds up to a quarter of it at random.
   *
   * @default Duration.seconds(15)
   */
  delay: duration("Delay", { lenient: true, judgedByRule: true, nullable: true, default: 15e9 }),
  /**
   * The window in which attempts are counted, five seconds at least.
   *
   * @default Duration.minutes(30) for service and system jobs, Duration.hours(24) for batch and sysbatch jobs
   */
  interval: duration("Interval", {
    min: Duration.seconds(5),
    judgedByRule: true,
    nullable: true,
    defaultByType: { service: 1800e9, system: 1800e9, batch: 86400e9, sysbatch: 86400e9 },
  }),
  /**
   * What happens when the attempts are used up: `fail` gives the allocation up to the scheduler, `delay`
   * waits for the next interval.
   *
   * @default "fail"
   */
  mode: oneOf("Mode", ["fail", "delay"], { empty: false, judgedByRule: true, nullable: true, default: "fail" }),
  /**
   * Whether templates are rendered anew at a restart.
   *
   * @default false
   */
  renderTemplates: bool("RenderTemplates", { judgedByRule: true, nullable: true, default: false }),
};

/** Properties of {@link Restart}. */
export interface RestartProps extends PropsOf<typeof fields> {}

/**
 * How a task is restarted on its node when it fails.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/restart
 */
export class Restart extends blockOf({ api: "RestartPolicy", hcl: "restart" }, fields) {
  constructor(props: RestartProps = {}) {
    super(props);
  }

  /** Gives the allocation up to the scheduler once the attempts are used up. */
  static fail(props: Omit<RestartProps, "mode"> = {}): Restart {
    return new Restart({ ...props, mode: "fail" });
  }

  /** Waits for the next interval once the attempts are used up. */
  static delay(props: Omit<RestartProps, "mode"> = {}): Restart {
    return new Restart({ ...props, mode: "delay" });
  }

  /** Never restarts. */
  static never(): Restart {
    return new Restart({ attempts: 0, mode: "fail" });
  }
}
