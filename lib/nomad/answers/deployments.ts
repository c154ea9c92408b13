import type * as v from "valibot";
import {
  count,
  flag,
  list,
  mapOf,
  number,
  object,
  optionalNumber,
  optionalText,
  pointer,
  text,
  time,
  word,
} from "./parts";

const deploymentState = object({
  DesiredTotal: count,
  DesiredCanaries: count,
  PlacedAllocs: count,
  PlacedCanaries: list(text),
  HealthyAllocs: count,
  UnhealthyAllocs: count,
  Promoted: flag,
  AutoRevert: flag,
  AutoPromote: flag,
  /** Until when the next allocation has to be healthy; null while none is placed. */
  RequireProgressBy: time,
});

/** One group of a deployment. */
export interface DeploymentState extends v.InferOutput<typeof deploymentState> {}

export const deployment = object({
  ID: text,
  JobID: text,
  JobVersion: number,
  JobModifyIndex: number,
  CreateIndex: number,
  ModifyIndex: optionalNumber,
  /** In nanoseconds since 1970; absent before Nomad 1.9. */
  CreateTime: optionalNumber,
  Status: word<
    "running" | "paused" | "failed" | "successful" | "cancelled" | "initializing" | "pending" | "blocked" | "unblocking"
  >(),
  StatusDescription: optionalText,
  TaskGroups: mapOf(deploymentState),
});

/** A deployment. https://developer.hashicorp.com/nomad/api-docs/deployments */
export interface Deployment extends v.InferOutput<typeof deployment> {}

/** The answer to promoting or failing a deployment. */
export const deploymentUpdate = object({
  EvalID: text,
  /** The version that Nomad goes back to; null where it does not. */
  RevertedJobVersion: pointer(number),
});

export interface DeploymentUpdate extends v.InferOutput<typeof deploymentUpdate> {}
