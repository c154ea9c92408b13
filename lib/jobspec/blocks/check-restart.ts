import { blockOf, bool, int, type PropsOf } from "../engine";
import { duration } from "../units";

const fields = {
  /**
   * Failed checks in a row before the task is restarted; 0 never restarts.
   *
   * @default 0
   */
  limit: int("Limit", { min: 0 }),
  /**
   * How long after a start failures do not count.
   *
   * @default Duration.seconds(1)
   */
  grace: duration("Grace", { nullable: true, default: 1e9 }),
  /**
   * Whether a warning counts as passing.
   *
   * @default false
   */
  ignoreWarnings: bool("IgnoreWarnings"),
};

/** Properties of {@link CheckRestart}. */
export interface CheckRestartProps extends PropsOf<typeof fields> {}

/**
 * Restarts a task whose check keeps failing.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/check_restart
 */
export class CheckRestart extends blockOf({ api: "CheckRestart", hcl: "check_restart" }, fields) {
  constructor(props: CheckRestartProps = {}) {
    super(props);
  }
}
