import { blockOf, text, type PropsOf } from "../engine";

const fields = {
  /** Where the payload is written, relative to the task's `local` directory. */
  file: text("File", { required: true, lenient: true }),
};

/** Properties of {@link DispatchPayload}. */
export interface DispatchPayloadProps extends PropsOf<typeof fields> {}

/**
 * Gives a task the payload with which its parameterized job was dispatched.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/dispatch_payload
 */
export class DispatchPayload extends blockOf({ api: "DispatchPayloadConfig", hcl: "dispatch_payload" }, fields) {
  constructor(props: DispatchPayloadProps) {
    super(props);
  }
}
