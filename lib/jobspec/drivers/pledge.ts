import { blockOf, text, texts, type PropsOf } from "../engine";

const fields = {
  /** The program. */
  command: text("command", { required: true, nonEmpty: true }),
  /** Its arguments; `${NOMAD_…}` is filled in. @default - none */
  args: texts("args"),
  /** What it may do, such as `stdio rpath inet`. @default - nothing */
  promises: text("promises"),
  /** Paths it may see, `rwxc:/path`. @default - none */
  unveil: texts("unveil"),
  /** Its rank for the processor: `lowest`, `low`, `normal`, `high` or `highest`. @default - "normal", of the driver */
  importance: text("importance"),
};

/** Properties of a pledge task. */
export interface PledgeProps extends PropsOf<typeof fields> {}

/**
 * A program that is held to promises, as on OpenBSD. Linux.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/community/pledge
 */
export class PledgeConfig extends blockOf({ api: "pledge", hcl: "config" }, fields) {
  constructor(props: PledgeProps) {
    super(props);
  }
}
