import * as v from "valibot";
import { flag, list, mapOf, number, object, optionalNumber, optionalText, pointer, text, word } from "./parts";

const stub = {
  ID: text,
  Name: text,
  Datacenter: text,
  Status: word<"initializing" | "ready" | "down" | "disconnected">(),
  SchedulingEligibility: word<"eligible" | "ineligible">(),
};

export const nodeStub = object({ ...stub, Drain: flag });

/** A node of the list of nodes. https://developer.hashicorp.com/nomad/api-docs/nodes */
export interface NodeStub extends v.InferOutput<typeof nodeStub> {}

/** What a node has, or keeps for others. MHz and MiB. */
const resources = {
  Cpu: v.nullish(object({ CpuShares: optionalNumber }), {}),
  Memory: v.nullish(object({ MemoryMB: optionalNumber }), {}),
  Disk: v.nullish(object({ DiskMB: optionalNumber }), {}),
};

export const node = object({
  ...stub,
  NodePool: v.nullish(v.string(), "default"),
  Drivers: mapOf(pointer(object({ Healthy: flag }))),
  NodeResources: object({
    ...resources,
    MinDynamicPort: optionalNumber,
    MaxDynamicPort: optionalNumber,
    NodeNetworks: list(
      object({ Addresses: list(object({ Alias: optionalText, Address: optionalText, ReservedPorts: optionalText })) }),
    ),
  }),
  ReservedResources: pointer(
    object({
      ...resources,
      Networks: pointer(object({ /** Such as `22,8500-8600`. */ ReservedHostPorts: optionalText })),
    }),
  ),
});

/** How the scheduler places. A server that nobody told otherwise writes all of it. */
export const schedulerConfiguration = object({
  SchedulerConfig: object({
    PreemptionConfig: object({
      SystemSchedulerEnabled: v.boolean(),
      SysBatchSchedulerEnabled: flag,
      BatchSchedulerEnabled: v.boolean(),
      ServiceSchedulerEnabled: v.boolean(),
    }),
  }),
});

/** How the scheduler places. https://developer.hashicorp.com/nomad/api-docs/operator/scheduler#read-scheduler-configuration */
export interface SchedulerConfiguration extends v.InferOutput<typeof schedulerConfiguration> {}

/** The answer to making a server of another region known. */
export const joined = object({ num_joined: number });

/** The answer to asking for a token that can be used once. */
export const oneTimeToken = object({ OneTimeToken: object({ OneTimeSecretID: text }) });

/** A node with what it has. */
export interface NodeJson extends v.InferOutput<typeof node> {}
