import { blockOf, int, oneOf, type PropsOf } from "../engine";
import { duration } from "../units";

const fields = {
  /**
   * Allocations that are migrated at a time.
   *
   * @default 1
   */
  maxParallel: int("MaxParallel", { min: 0, judgedByRule: true, nullable: true, default: 1 }),
  /**
   * What makes a migrated allocation healthy.
   *
   * @default "checks"
   */
  healthCheck: oneOf("HealthCheck", ["checks", "task_states"], {
    judgedByRule: true,
    nullable: true,
    default: "checks",
  }),
  /**
   * How long it must stay healthy to count.
   *
   * @default Duration.seconds(10)
   */
  minHealthyTime: duration("MinHealthyTime", { judgedByRule: true, nullable: true, default: 10e9 }),
  /**
   * By when it must be healthy.
   *
   * @default Duration.minutes(5)
   */
  healthyDeadline: duration("HealthyDeadline", { judgedByRule: true, nullable: true, default: 300e9 }),
};

/** Properties of {@link Migrate}. */
export interface MigrateProps extends PropsOf<typeof fields> {}

/**
 * How allocations leave a node that is drained. For service jobs only.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/migrate
 */
export class Migrate extends blockOf({ api: "MigrateStrategy", hcl: "migrate" }, fields) {
  constructor(props: MigrateProps = {}) {
    super(props);
  }
}
