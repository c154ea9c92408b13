import * as v from "valibot";
import { list, object, optionalText, pointer } from "./parts";

const subject = pointer(object({ JobID: optionalText, Namespace: optionalText }));

const event = object({
  Topic: optionalText,
  Type: optionalText,
  Payload: pointer(object({ Allocation: subject, Deployment: subject, Evaluation: subject })),
});

/** Something that happened. */
export interface NomadEvent extends v.InferOutput<typeof event> {}

export const eventBatch = object({ Index: v.nullish(v.number()), Events: list(event) });

/** Events of one index; a heartbeat has neither events nor an index. https://developer.hashicorp.com/nomad/api-docs/events */
export interface EventBatch extends v.InferOutput<typeof eventBatch> {}
