import { blockOf, oneOf, texts, type PropsOf } from "../engine";

const fields = {
  /** Whether a dispatch may, must or must not bring a payload. @default "optional" */
  payload: oneOf("Payload", ["optional", "required", "forbidden"], { default: "optional" }),
  /** Keys of metadata that a dispatch must bring. @default - none */
  metaRequired: texts("MetaRequired"),
  /** Keys of metadata that a dispatch may bring. @default - none */
  metaOptional: texts("MetaOptional"),
};

/** Properties of {@link Parameterized}. */
export interface ParameterizedProps extends PropsOf<typeof fields> {}

/**
 * Makes a job a template: nothing runs until it is dispatched, each time with a payload and metadata of its own.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/parameterized
 */
export class Parameterized extends blockOf({ api: "ParameterizedJobConfig", hcl: "parameterized" }, fields) {
  constructor(props: ParameterizedProps = {}) {
    super(props);
  }
}
