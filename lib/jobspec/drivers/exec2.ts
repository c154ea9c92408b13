import { blockOf, text, texts, type PropsOf } from "../engine";

const fields = {
  /** The program. */
  command: text("command", { required: true, nonEmpty: true }),
  /** Its arguments; `${NOMAD_…}` is filled in. @default - none */
  args: texts("args"),
  /** Paths it may see, `rwxc:/path`. @default - those of the node's configuration */
  unveil: texts("unveil"),
};

/** Properties of a exec2 task. */
export interface Exec2Props extends PropsOf<typeof fields> {}

/**
 * A program of the node that sees only the paths which are unveiled to it. Linux with Landlock.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/exec2
 */
export class Exec2Config extends blockOf({ api: "exec2", hcl: "config" }, fields) {
  constructor(props: Exec2Props) {
    super(props);
  }
}
