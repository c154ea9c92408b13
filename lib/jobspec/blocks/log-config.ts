import { blockOf, bool, int, type PropsOf } from "../engine";
import { mebibytes } from "../units";

const fields = {
  /**
   * Files kept of each stream.
   *
   * @default 10
   */
  maxFiles: int("MaxFiles", { min: 1, nullable: true, default: 10 }),
  /**
   * Size of one file.
   *
   * @default Memory.mebibytes(10)
   */
  maxFileSize: mebibytes("MaxFileSizeMB", { min: 1, nullable: true, default: 10 }),
  /**
   * Whether no logs are kept.
   *
   * @default false
   */
  disabled: bool("Disabled", { nullable: true, default: false }),
  /**
   * The older spelling of `disabled`.
   *
   * @default - none
   */
  enabled: bool("Enabled", { deprecated: "disabled", nullable: true }),
};

/** Properties of {@link LogConfig}. */
export interface LogConfigProps extends PropsOf<typeof fields> {}

/**
 * How the output of a task is kept.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/logs
 */
export class LogConfig extends blockOf({ api: "LogConfig", hcl: "logs" }, fields) {
  constructor(props: LogConfigProps = {}) {
    super(props);
  }
}
