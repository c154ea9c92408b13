import * as v from "valibot";
import { count, list, mapOf, number, object, optionalCount, optionalNumber, optionalText, text, word } from "./parts";

const counts = object({
  NodesEvaluated: optionalCount,
  NodesFiltered: optionalCount,
  NodesExhausted: optionalCount,
  /** Nodes of the job's node pool. */
  NodesInPool: optionalCount,
  /** Nodes of each datacenter. */
  NodesAvailable: mapOf(count),
  ConstraintFiltered: mapOf(count),
  ClassFiltered: mapOf(count),
  DimensionExhausted: mapOf(count),
  ClassExhausted: mapOf(count),
  QuotaExhausted: list(text),
  /** Further allocations of the group that found no node for the same reason. */
  CoalescedFailures: optionalCount,
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
  QueuedAllocations: mapOf(count),
  JobModifyIndex: optionalNumber,
  CreateIndex: number,
  ModifyIndex: number,
});

/** What the scheduler made of a change. https://developer.hashicorp.com/nomad/api-docs/evaluations */
export interface Evaluation extends v.InferOutput<typeof evaluation> {}
