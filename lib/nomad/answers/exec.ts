import * as v from "valibot";
import { flag, object, optionalNumber, optionalText, pointer } from "./parts";

const output = pointer(object({ data: pointer(v.pipe(v.string(), v.base64())), close: flag }));

/**
 * A frame of an exec's session: a piece of output in base64, or the end. https://developer.hashicorp.com/nomad/api-docs/allocations#exec-allocation
 */
export const execFrame = object({
  stdout: output,
  stderr: output,
  exited: flag,
  /** Only a code that is not 0 is written. */
  result: pointer(object({ exit_code: optionalNumber, error: optionalText })),
});

export interface ExecFrame extends v.InferOutput<typeof execFrame> {}
