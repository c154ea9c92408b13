import * as v from "valibot";
import { flag, list, mapOf, number, object, optionalNumber, optionalText, pointer, text, time, word } from "./parts";

const taskEvent = object({
  Type: text,
  /** Nanoseconds since 1970. */
  Time: optionalNumber,
  DisplayMessage: optionalText,
  ExitCode: optionalNumber,
  /** The number of the signal that ended it; 0 for none. */
  Signal: optionalNumber,
  Details: mapOf(text),
});

/** Something that happened to a task. */
export interface TaskEvent extends v.InferOutput<typeof taskEvent> {}

const taskState = object({
  State: word<"pending" | "running" | "dead">(),
  Failed: flag,
  Restarts: optionalNumber,
  StartedAt: time,
  FinishedAt: time,
  Events: list(taskEvent),
});

/** How a task of an allocation does. */
export interface TaskState extends v.InferOutput<typeof taskState> {}

const deploymentStatus = object({
  Healthy: pointer(v.boolean()),
  Canary: flag,
  /** When the node found out. */
  Timestamp: time,
});

const clientStatus = word<"pending" | "running" | "complete" | "failed" | "lost" | "unknown">();

export const allocationStub = object({
  ID: text,
  EvalID: optionalText,
  Name: optionalText,
  Namespace: optionalText,
  NodeID: optionalText,
  NodeName: optionalText,
  JobID: text,
  JobVersion: optionalNumber,
  TaskGroup: text,
  DesiredStatus: word<"run" | "stop" | "evict">(),
  DesiredDescription: optionalText,
  ClientStatus: clientStatus,
  ClientDescription: optionalText,
  DeploymentStatus: pointer(deploymentStatus),
  TaskStates: mapOf(taskState),
  /** The allocation that took its place; "" for none. */
  NextAllocation: optionalText,
  /** The evaluation that will start another in its place; "" for none. */
  FollowupEvalID: optionalText,
  CreateIndex: optionalNumber,
  ModifyIndex: optionalNumber,
  /** Nanoseconds since 1970. */
  CreateTime: optionalNumber,
  /** When the servers wrote it down last: nanoseconds since 1970. */
  ModifyTime: optionalNumber,
});

/** An allocation of a list of allocations. https://developer.hashicorp.com/nomad/api-docs/allocations */
export interface AllocationStub extends v.InferOutput<typeof allocationStub> {}

export const allocationCheck = object({
  Service: optionalText,
  Check: optionalText,
  Status: word<"success" | "failure" | "pending">(),
  Output: optionalText,
});

/** What a check of one of Nomad's own services said last. */
export interface AllocationCheck extends v.InferOutput<typeof allocationCheck> {}

export const serviceRegistration = object({
  ID: text,
  ServiceName: text,
  AllocID: optionalText,
  JobID: optionalText,
  Address: optionalText,
  Port: optionalNumber,
});

/** An instance of one of Nomad's own services. https://developer.hashicorp.com/nomad/api-docs/services#read-service */
export interface ServiceRegistration extends v.InferOutput<typeof serviceRegistration> {}

const taskResources = object({
  Cpu: v.nullish(object({ CpuShares: optionalNumber }), {}),
  Memory: v.nullish(object({ MemoryMB: optionalNumber }), {}),
});

const allocatedResources = object({
  Tasks: mapOf(taskResources),
  TaskLifecycles: mapOf(pointer(object({ Hook: optionalText, Sidecar: flag }))),
  Shared: v.nullish(
    object({
      DiskMB: optionalNumber,
      Ports: list(object({ Label: optionalText, Value: number, HostIP: optionalText })),
    }),
    {},
  ),
});

/** What an allocation takes of its node. MHz and MiB. */
export interface AllocatedResources extends v.InferOutput<typeof allocatedResources> {}

const allocatedJob = object({
  TaskGroups: list(object({ Name: text, Tasks: list(object({ Name: text, Driver: optionalText })) })),
});

/** An allocation, with what it takes and what it was made from. */
export const allocation = object({
  ID: text,
  Name: optionalText,
  JobID: text,
  TaskGroup: text,
  ClientStatus: clientStatus,
  DesiredStatus: word<"run" | "stop" | "evict">(),
  AllocatedResources: pointer(allocatedResources),
  Job: pointer(allocatedJob),
});

/** An allocation with its ports. https://developer.hashicorp.com/nomad/api-docs/allocations#read-allocation */
export interface Allocation extends v.InferOutput<typeof allocation> {}

/** The answer to stopping an allocation. */
export const stopped = object({ EvalID: text });

/** The answer to restarting the tasks of an allocation. */
export const restarted = object({ Index: number });

/** An allocation of a node, with what it takes. */
export const nodeAllocation = object({
  ID: text,
  JobID: text,
  ClientStatus: clientStatus,
  AllocatedResources: pointer(allocatedResources),
  Job: pointer(object({ Priority: number })),
});

export interface NodeAllocation extends v.InferOutput<typeof nodeAllocation> {}
