import { blockOf, bool, oneOf, text, textMap, type PropsOf } from "../engine";

const fields = {
  /** What is fetched: a URL as go-getter reads it. */
  source: text("GetterSource", { required: true, nonEmpty: true, nullable: true }),
  /**
   * Where it goes, relative to the task's directory.
   *
   * @default "local/"
   */
  destination: text("RelativeDest", { nullable: true, default: "local/" }),
  /**
   * Whether one file, a directory, or whatever comes is expected.
   *
   * @default "any"
   */
  mode: oneOf("GetterMode", ["any", "file", "dir"], { nullable: true, default: "any" }),
  /**
   * Options of the getter, such as `checksum`.
   *
   * @default - none
   */
  options: textMap("GetterOptions"),
  /**
   * Headers of an HTTP request.
   *
   * @default - none
   */
  headers: textMap("GetterHeaders"),
  /**
   * Whether certificates are not verified.
   *
   * @default false
   */
  insecure: bool("GetterInsecure", { nullable: true, default: false }),
  /**
   * Whether the task's user owns what was fetched.
   *
   * @default false
   */
  chown: bool("Chown", { since: "1.10" }),
};

/** Properties of {@link Artifact}. */
export interface ArtifactProps extends PropsOf<typeof fields> {}

/**
 * A file or archive that is fetched before the task starts.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/artifact
 */
export class Artifact extends blockOf({ api: "TaskArtifact", hcl: "artifact" }, fields) {
  constructor(props: ArtifactProps) {
    super(props);
  }
}
