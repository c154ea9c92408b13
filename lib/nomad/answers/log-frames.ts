import * as v from "valibot";
import { object, optionalCount, optionalText, text } from "./parts";

const withData = object({
  File: text,
  /** Base64. */
  Data: optionalText,
  FileEvent: optionalText,
  Offset: optionalCount,
});

const heartbeat = v.pipe(
  v.strictObject({}),
  v.transform(() => ({ File: "", Data: "", FileEvent: "", Offset: 0 })),
);

/** A frame of a stream of a task's output; a heartbeat has nothing in it. https://developer.hashicorp.com/nomad/api-docs/client#stream-logs */
export const logFrame: v.GenericSchema<unknown, v.InferOutput<typeof withData>> = v.lazy((frame) =>
  typeof frame === "object" && frame !== null && Object.keys(frame).length === 0 ? heartbeat : withData,
);
