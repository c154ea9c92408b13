import { blockOf, int, text, type PropsOf } from "../engine";

const fields = {
  /** The tag's name. @default - none */
  name: text("Name", { hcl: "" }),
  /** What the version is, in words. @default - none */
  description: text("Description", { hcl: "" }),
  /** When it was tagged, in nanoseconds since 1970; a server sets it. @default - none */
  taggedTime: int("TaggedTime", { hcl: "" }),
};

/** Properties of {@link VersionTag}. */
export interface VersionTagProps extends PropsOf<typeof fields> {}

/**
 * The name of one version of a job, which keeps it from being collected. Given with `nomad job tag apply`; it has no HCL.
 *
 * @see https://developer.hashicorp.com/nomad/commands/job/tag/apply
 */
export class VersionTag extends blockOf({ api: "JobVersionTag", hcl: "" }, fields) {
  constructor(props: VersionTagProps = {}) {
    super(props);
  }
}
