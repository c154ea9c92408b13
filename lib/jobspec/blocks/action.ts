import { blockOf, text, texts, type PropsOf } from "../engine";

const fields = {
  /** Its name, unique in its job: letters, digits, dashes and underscores, 128 at most. */
  name: text("Name", { required: true, hcl: "" }),
  /** The program, as the task sees it. */
  command: text("Command", { required: true, nonEmpty: true }),
  /** Its arguments. @default - none */
  args: texts("Args"),
};

/** Properties of {@link Action}. */
export interface ActionProps extends PropsOf<typeof fields> {}

/**
 * A program that people may run inside a running task, by its name.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/action
 */
export class Action extends blockOf({ api: "Action", hcl: "action", key: "name" }, fields) {
  constructor(props: ActionProps) {
    super(props);
  }
}
