import { blockOf, bool, int, oneOf, type PropsOf } from "../engine";
import { Duration, duration } from "../units";

const fields = {
  /**
   * Allocations that are updated at a time; 0 updates all at once and without a deployment.
   *
   * @default 1
   */
  maxParallel: int("MaxParallel", { min: 0, judgedByRule: true, nullable: true, default: 1 }),
  /**
   * What makes an allocation healthy: its `checks` and that its tasks run, `task_states` alone, or
   * `manual`: a call of the API.
   *
   * @default "checks"
   */
  healthCheck: oneOf("HealthCheck", ["checks", "task_states", "manual"], {
    empty: false,
    judgedByRule: true,
    nullable: true,
    default: "checks",
  }),
  /**
   * How long an allocation must stay healthy to count.
   *
   * @default Duration.seconds(10)
   */
  minHealthyTime: duration("MinHealthyTime", { judgedByRule: true, nullable: true, default: 10e9 }),
  /**
   * By when an allocation must be healthy, from its placement.
   *
   * @default Duration.minutes(5)
   */
  healthyDeadline: duration("HealthyDeadline", {
    min: Duration.nanoseconds(1),
    judgedByRule: true,
    nullable: true,
    default: 300e9,
  }),
  /**
   * By when the next allocation must be healthy, or the deployment fails; 0 fails it at the first
   * unhealthy allocation.
   *
   * @default Duration.minutes(10)
   */
  progressDeadline: duration("ProgressDeadline", { judgedByRule: true, nullable: true, default: 600e9 }),
  /**
   * Whether a failed deployment goes back to the last stable version.
   *
   * @default false
   */
  autoRevert: bool("AutoRevert", { judgedByRule: true, nullable: true, default: false }),
  /**
   * Whether healthy canaries are promoted by themselves.
   *
   * @default false
   */
  autoPromote: bool("AutoPromote", { judgedByRule: true, nullable: true, default: false }),
  /**
   * Canaries placed beside the old allocations before anything is replaced.
   *
   * @default 0
   */
  canary: int("Canary", { min: 0, judgedByRule: true, nullable: true, default: 0 }),
  /**
   * Wait between migrations of a drained node.
   *
   * @default Duration.seconds(30)
   */
  stagger: duration("Stagger", { min: Duration.nanoseconds(1), judgedByRule: true, nullable: true, default: 30e9 }),
};

/** Properties of {@link Update}. */
export interface UpdateProps extends PropsOf<typeof fields> {}

/**
 * How a new version of a job takes the place of the old one.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/update
 */
export class Update extends blockOf({ api: "UpdateStrategy", hcl: "update" }, fields) {
  constructor(props: UpdateProps = {}) {
    super(props);
  }

  /** Replaces allocations some at a time. */
  static rolling(props: Omit<UpdateProps, "canary" | "autoPromote"> = {}): Update {
    return new Update(props);
  }

  /** Places canaries first; once promoted, the rest is replaced some at a time. */
  static canary(props: UpdateProps & { readonly canary: number }): Update {
    return new Update(props);
  }

  /**
   * Places the whole new version beside the old one, as many canaries as the group has allocations, and
   * swaps them on promotion.
   *
   * @param count the group's count
   */
  static blueGreen(count: number, props: Omit<UpdateProps, "canary" | "maxParallel"> = {}): Update {
    return new Update({ ...props, maxParallel: count, canary: count });
  }
}
