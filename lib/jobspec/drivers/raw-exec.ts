import { blockOf, int, text, texts, type PropsOf } from "../engine";
import { configMap } from "./config-fields";

const fields = {
  /** The program: a path on the node, or a name on its PATH. */
  command: text("command", { required: true, nonEmpty: true }),
  /**
   * Its arguments; `${NOMAD_…}` is filled in.
   *
   * @default - none
   */
  args: texts("args"),
  /**
   * The directory it runs in.
   *
   * @default - the task's directory
   */
  workDir: text("work_dir"),
  /**
   * Adjustment of its rank for the kernel's out-of-memory killer.
   *
   * @default 0
   */
  oomScoreAdj: int("oom_score_adj"),
  /**
   * A cgroup of its own, for nodes with cgroups v2.
   *
   * @default - Nomad's
   */
  cgroupV2Override: text("cgroup_v2_override"),
  /**
   * Cgroups of its own per controller, for nodes with cgroups v1.
   *
   * @default - Nomad's
   */
  cgroupV1Override: configMap("cgroup_v1_override"),
  /**
   * Names of environment variables of the agent that it does not get.
   *
   * @default - none
   */
  deniedEnvvars: texts("denied_envvars"),
};

/** Properties of a raw_exec task. */
export interface RawExecProps extends PropsOf<typeof fields> {}

/**
 * A program of the node, run as it is, without isolation.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/raw_exec
 */
export class RawExecConfig extends blockOf({ api: "raw_exec", hcl: "config" }, fields) {
  constructor(props: RawExecProps) {
    super(props);
  }
}
