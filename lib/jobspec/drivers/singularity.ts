import { blockOf, bool, oneOf, text, texts, type PropsOf } from "../engine";

const fields = {
  /** The image: a path, or an address such as `library://` or `docker://`. */
  image: text("image", { required: true, nonEmpty: true }),
  /** What is done with it. */
  command: oneOf("command", ["run", "exec", "test"], { required: true }),
  /** Arguments. @default - none */
  args: texts("args"),
  /** Paths that are mounted, `from:to:options`. @default - none */
  binds: texts("binds"),
  /** An overlay file system. @default - none */
  overlay: texts("overlay"),
  /** Security options. @default - none */
  security: texts("security"),
  /** Whether home, temporary files and devices are its own. @default false */
  contain: bool("contain"),
  /** Whether the node's home directory is left out. @default false */
  noHome: bool("no_home"),
  /** Its working directory. @default - the image's */
  pwd: text("pwd"),
  /** Where its scratch directories are. @default - none */
  workDir: text("workdir"),
  /** Scratch directories. @default - none */
  scratch: texts("scratch"),
  /** The application of the image. @default - none */
  app: text("app"),
  /** Whether the runtime logs more (`--verbose`). @default false */
  verbose: bool("verbose"),
  /** Whether the runtime logs everything (`--debug`). @default false */
  debug: bool("debug"),
};

/** Properties of a Singularity task. */
export interface SingularityProps extends PropsOf<typeof fields> {}

/**
 * A container of Singularity or Apptainer, through its community driver.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/community/singularity
 */
export class SingularityConfig extends blockOf({ api: "Singularity", hcl: "config" }, fields) {
  constructor(props: SingularityProps) {
    super(props);
  }
}
