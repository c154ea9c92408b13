import { block, blockOf, bool, int, oneOf, text, texts, type PropsOf } from "../engine";
import { duration } from "../units";

const scriptFields = {
  /** The program, as the task sees it. */
  command: text("Command", { required: true, nonEmpty: true, lenient: true, nullable: true }),
  /**
   * Its arguments.
   *
   * @default - none
   */
  args: texts("Args"),
  /**
   * How long it may run.
   *
   * @default Duration.seconds(5)
   */
  timeout: duration("Timeout", { lenient: true, nullable: true, default: 5e9 }),
  /**
   * Whether the task fails where the program does.
   *
   * @default false
   */
  failOnError: bool("FailOnError", { nullable: true, default: false }),
  /**
   * Whether it also runs after the first rendering.
   *
   * @default false
   */
  runOnFirstRender: bool("RunOnFirstRender", { since: "2.0", nullable: true }),
};

/** Properties of {@link ChangeScript}. */
export interface ChangeScriptProps extends PropsOf<typeof scriptFields> {}

/**
 * A program that runs inside the task when a template changes.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/change_script
 */
export class ChangeScript extends blockOf({ api: "ChangeScript", hcl: "change_script" }, scriptFields) {
  constructor(props: ChangeScriptProps) {
    super(props);
  }
}

const waitFields = {
  /**
   * The shortest wait for more changes before rendering.
   *
   * @default - Duration.seconds(5), as the node's configuration says
   */
  min: duration("Min", { lenient: true, nullable: true }),
  /**
   * The longest.
   *
   * @default - Duration.minutes(4), as the node's configuration says
   */
  max: duration("Max", { lenient: true, nullable: true }),
};

/** Properties of {@link Wait}. */
export interface WaitProps extends PropsOf<typeof waitFields> {}

/**
 * How long a template waits for more changes before it renders.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/template
 */
export class Wait extends blockOf({ api: "WaitConfig", hcl: "wait" }, waitFields) {
  constructor(props: WaitProps = {}) {
    super(props);
  }
}

const fields = {
  /** Where it is written, relative to the task's directory. */
  destination: text("DestPath", { required: true, nullable: true }),
  /**
   * The template itself.
   *
   * @default - read from source
   */
  data: text("EmbeddedTmpl", { nullable: true, default: "" }),
  /**
   * A file to read the template from, on the node or fetched by an artifact.
   *
   * @default - data is used
   */
  source: text("SourcePath", { nullable: true, default: "" }),
  /**
   * Whether the result is read as `KEY=value` lines into the task's environment.
   *
   * @default false
   */
  env: bool("Envvars", { nullable: true, default: false }),
  /**
   * What the task is told when the result changes.
   *
   * @default "restart"
   */
  changeMode: oneOf("ChangeMode", ["restart", "noop", "signal", "script"], {
    empty: false,
    nullable: true,
    default: "restart",
  }),
  /**
   * The signal, for `changeMode` `signal`.
   *
   * @default - none
   */
  changeSignal: text("ChangeSignal", { nullable: true, default: "" }),
  /**
   * The program, for `changeMode` `script`.
   *
   * @default - none
   */
  changeScript: block("ChangeScript", () => ChangeScript),
  /**
   * The longest random wait before the task is told, so that not all are told at once.
   *
   * @default Duration.seconds(5)
   */
  splay: duration("Splay", { nullable: true, default: 5e9 }),
  /**
   * Permissions of the file, in octal.
   *
   * @default "0644"
   */
  perms: text("Perms", { nullable: true, default: "0644" }),
  /**
   * Owner of the file.
   *
   * @default - the agent's user
   */
  uid: int("Uid", { nullable: true }),
  /**
   * Group of the file.
   *
   * @default - the agent's group
   */
  gid: int("Gid", { nullable: true }),
  /**
   * What opens an action.
   *
   * @default "{{"
   */
  leftDelimiter: text("LeftDelim", { hcl: "left_delimiter", nullable: true, default: "{{" }),
  /**
   * What closes an action.
   *
   * @default "}}"
   */
  rightDelimiter: text("RightDelim", { hcl: "right_delimiter", nullable: true, default: "}}" }),
  /**
   * Whether it is an error that a map has no such key.
   *
   * @default false
   */
  errorOnMissingKey: bool("ErrMissingKey", { hcl: "error_on_missing_key", nullable: true, default: false }),
  /**
   * Whether it is rendered only once.
   *
   * @default false
   */
  once: bool("Once", { since: "1.11", nullable: true, default: false }),
  /**
   * How long it waits for more changes.
   *
   * @default - not at all
   */
  wait: block("Wait", () => Wait),
  /**
   * Ignored by Vault today.
   *
   * @default - none
   */
  vaultGrace: duration("VaultGrace", {
    negative: true,
    deprecated: "nothing; Vault ignores it",
    nullable: true,
    default: 0,
  }),
};

/** Properties of {@link Template}. */
export interface TemplateProps extends PropsOf<typeof fields> {}

/**
 * A file made of Consul's, Vault's and Nomad's data, kept up to date while the task runs.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/template
 */
export class Template extends blockOf({ api: "Template", hcl: "template", key: "destination" }, fields) {
  constructor(props: TemplateProps) {
    super(props);
  }

  /** `KEY=value` lines for the task's environment. */
  static env(
    destination: string,
    data: string,
    props: Omit<TemplateProps, "destination" | "data" | "env"> = {},
  ): Template {
    return new Template({ ...props, destination, data, env: true });
  }

  /** A file. */
  static file(
    destination: string,
    data: string,
    props: Omit<TemplateProps, "destination" | "data" | "env"> = {},
  ): Template {
    return new Template({ ...props, destination, data });
  }
}
