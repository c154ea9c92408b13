import { blockOf, oneOf, text, texts, type PropsOf } from "../engine";

const fields = {
  /** The program, inside the task's chroot. */
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
   * Whether it sees only its own processes.
   *
   * @default - "private", of the driver
   */
  pidMode: oneOf("pid_mode", ["private", "host"]),
  /**
   * Whether it shares memory only with itself.
   *
   * @default - "private", of the driver
   */
  ipcMode: oneOf("ipc_mode", ["private", "host"]),
  /**
   * Linux capabilities that it gets.
   *
   * @default - Nomad's usual ones
   */
  capAdd: texts("cap_add"),
  /**
   * Linux capabilities that it loses.
   *
   * @default - none
   */
  capDrop: texts("cap_drop"),
};

/** Properties of an exec task. */
export interface ExecProps extends PropsOf<typeof fields> {}

/**
 * A program in a chroot, with namespaces and cgroups of its own. Linux, and Nomad as root.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/exec
 */
export class ExecConfig extends blockOf({ api: "exec", hcl: "config" }, fields) {
  constructor(props: ExecProps) {
    super(props);
  }
}
