import { anyMap, blockOf, text, textMap, type PropsOf } from "../engine";

const fields = {
  /** Its name, by which the task's other settings read it: `${secret.<name>.<key>}`. */
  name: text("Name", { required: true, hcl: "" }),
  /** Who has it: `nomad`, `vault`, or the name of a plugin. */
  provider: text("Provider", { required: true }),
  /** Where it is, in the words of the provider. */
  path: text("Path", { required: true }),
  /** Settings of the provider. @default - none */
  config: anyMap("Config"),
  /** Environment of a plugin. @default - none */
  env: textMap("Env"),
};

/** Properties of {@link TaskSecret}. */
export interface TaskSecretProps extends PropsOf<typeof fields> {}

/**
 * A secret that is fetched before the task starts. Its name in HCL is `secret`.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/secret
 */
export class TaskSecret extends blockOf({ api: "Secret", hcl: "secret", key: "name" }, fields) {
  constructor(props: TaskSecretProps) {
    super(props);
  }
}
