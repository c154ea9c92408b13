import * as v from "valibot";
import { list, mapOf, number, object, optionalNumber, optionalText, text, word } from "./parts";

const counts = object({
  NodesEvaluated: optionalNumber,
  NodesFiltered: optionalNumber,
  NodesExhausted: optionalNumber,
  /** Nodes of the job's node pool. */
  NodesInPool: optionalNumber,
  /** Nodes of each datacenter. */
  NodesAvailable: mapOf(number),
  ConstraintFiltered: mapOf(number),
  ClassFiltered: mapOf(number),
  DimensionExhausted: mapOf(number),
  ClassExhausted: mapOf(number),
  QuotaExhausted: list(text),
  /** Further allocations of the group that found no node for the same reason. */
  CoalescedFailures: optionalNumber,
});

/** Why allocations of a group found no node. A group that stands here has failed, even where nothing is said of it. */
export interface PlacementFailure extends v.InferOutput<typeof counts> {}

/** Placement failures by group. */
export const placementFailures = mapOf(v.nullish(counts, {}));

export const evaluation = object({
  ID: text,
  JobID: text,
  Type: text,
  TriggeredBy: optionalText,
  Status: word<"blocked" | "pending" | "complete" | "failed" | "canceled">(),
  StatusDescription: optionalText,
  DeploymentID: optionalText,
  /** The evaluation that waits for room, where there is one. */
  BlockedEval: optionalText,
  NextEval: optionalText,
  PreviousEval: optionalText,
  FailedTGAllocs: placementFailures,
  /** Allocations of each group that are not placed yet. */
  QueuedAllocations: mapOf(number),
  JobModifyIndex: optionalNumber,
  CreateIndex: number,
  ModifyIndex: number,
});

/** What the scheduler made of a change. https://developer.hashicorp.com/nomad/api-docs/evaluations */
export interface Evaluation extends v.InferOutput<typeof evaluation> {}
