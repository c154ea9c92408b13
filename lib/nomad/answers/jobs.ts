import type { JobApi } from "../../jobspec/host";
import * as v from "valibot";
import { jobDiff } from "./diffs";
import { placementFailures } from "./evaluations";
import {
  count,
  flag,
  list,
  mapOf,
  number,
  object,
  optionalCount,
  optionalNumber,
  optionalText,
  pointer,
  text,
  texts,
  time,
  word,
  writtenList,
} from "./parts";

/** A job as it is registered: API JSON without the outer key. What is in it is the model's to read. */
export type JobJson = Readonly<Record<string, unknown>> & JobApi & { readonly ID: string };

/** What we read of it ourselves, beside what the model reads. */
const heldGroup = v.looseObject({ Name: text, Count: v.nullish(count) });

export const job: v.GenericSchema<unknown, JobJson> = v.looseObject({
  ID: text,
  Type: v.nullish(text),
  Version: v.nullish(count),
  SubmitTime: v.nullish(number),
  CreateIndex: v.nullish(number),
  JobModifyIndex: v.nullish(number),
  Meta: v.nullish(texts),
  TaskGroups: v.nullish(v.array(heldGroup)),
});

export const registration = object({
  /** The evaluation that began; "" for jobs that are dispatched, or launched by the clock. */
  EvalID: optionalText,
  JobModifyIndex: number,
  Warnings: optionalText,
});

/** The answer to registering a job, or to going back to a version of it. */
export interface Registration extends v.InferOutput<typeof registration> {}

/** The evaluation that stops a job; "" where there was no such job. */
export const deregistration = object({ EvalID: text });

export const validation = object({
  ValidationErrors: writtenList(text),
  Error: optionalText,
  Warnings: optionalText,
});

/** A job that was read from HCL: as it was written, with nothing filled in. */
export const parsedJob: v.GenericSchema<unknown, JobJson> = v.looseObject({ ID: text, Meta: v.nullish(texts) });

/** What a server says of a job that it is asked to judge. */
export interface Validation extends v.InferOutput<typeof validation> {}

const desiredUpdates = object({
  Ignore: count,
  Place: count,
  Migrate: count,
  Stop: count,
  InPlaceUpdate: count,
  DestructiveUpdate: count,
  Canary: count,
  Preemptions: optionalCount,
});

/** How many allocations of a group what happens to. */
export interface DesiredUpdates extends v.InferOutput<typeof desiredUpdates> {}

export const planResult = object({
  Annotations: pointer(object({ DesiredTGUpdates: mapOf(desiredUpdates) })),
  FailedTGAllocs: placementFailures,
  Diff: pointer(jobDiff),
  JobModifyIndex: number,
  /** When a periodic job would be launched next. */
  NextPeriodicLaunch: time,
  Warnings: optionalText,
});

/** What a server would do with a job. https://developer.hashicorp.com/nomad/api-docs/jobs#create-job-plan */
export interface PlanResult extends v.InferOutput<typeof planResult> {}

export const versions = object({
  Versions: writtenList(job),
  /** What changed from each version to the one before it. */
  Diffs: list(jobDiff),
});

/** The versions of a job that a server keeps, the newest first. */
export interface JobVersions extends v.InferOutput<typeof versions> {}

const groupCounts = object({
  Queued: count,
  Complete: count,
  Failed: count,
  Running: count,
  Starting: count,
  Lost: count,
  Unknown: optionalCount,
});

const children = object({ Pending: count, Running: count, Dead: count });

export const jobCounts = object({
  JobID: text,
  Summary: mapOf(groupCounts),
  /** Jobs that were dispatched, or launched by the clock. */
  Children: pointer(children),
});

/** Allocations of each group of a job, by their state. */
export interface JobCounts extends v.InferOutput<typeof jobCounts> {}

export const jobSummary = object({
  ID: text,
  /** The job that this one was dispatched from, or launched by; "" for others. */
  ParentID: optionalText,
  Name: optionalText,
  Namespace: v.nullish(v.string(), "default"),
  Status: word<"pending" | "running" | "dead">(),
  StatusDescription: optionalText,
  Type: word<"service" | "batch" | "system" | "sysbatch">(),
  Stop: flag,
  Periodic: flag,
  ParameterizedJob: flag,
  JobSummary: pointer(jobCounts),
  ModifyIndex: optionalNumber,
  JobModifyIndex: optionalNumber,
  /** Nanoseconds since 1970. */
  SubmitTime: optionalNumber,
});

/** A job of the list of jobs. https://developer.hashicorp.com/nomad/api-docs/jobs#list-jobs */
export interface JobSummary extends v.InferOutput<typeof jobSummary> {}

export const submission = object({
  Source: text,
  /** `hcl2` or `json`. */
  Format: text,
  /** Values given one by one. */
  VariableFlags: mapOf(text),
  /** The text of the files of variables. */
  Variables: optionalText,
});

/** What somebody submitted as a job. */
export interface Submission extends v.InferOutput<typeof submission> {}
