import * as v from "valibot";
import { list, number, object, optionalText, pointer } from "./parts";

const subject = pointer(object({ JobID: optionalText, Namespace: optionalText }));

const event = object({
  Topic: optionalText,
  Type: optionalText,
  Payload: pointer(object({ Allocation: subject, Deployment: subject, Evaluation: subject })),
});

/** Something that happened. */
export interface NomadEvent extends v.InferOutput<typeof event> {}

const withEvents = object({ Index: number, Events: list(event) });

const heartbeat = v.pipe(
  v.strictObject({}),
  v.transform(() => ({ Events: [] })),
);

/** Events of one index; a heartbeat has neither events nor an index. https://developer.hashicorp.com/nomad/api-docs/events */
export interface EventBatch {
  readonly Index?: number;
  readonly Events: readonly NomadEvent[];
}

export const eventBatch: v.GenericSchema<unknown, EventBatch> = v.lazy((line) =>
  typeof line === "object" && line !== null && Object.keys(line).length === 0 ? heartbeat : withEvents,
);
