import * as v from "valibot";
import { list, mapOf, number, object, optionalNumber, optionalText, pointer, text, word, writtenList } from "./parts";

const status = word<"passing" | "warning" | "critical">();

const serviceCheck = object({
  CheckID: text,
  Name: optionalText,
  Status: status,
  Type: optionalText,
  Output: optionalText,
  /** "" where it is a check of the node. */
  ServiceID: optionalText,
});

/** A check of a service or a node. https://developer.hashicorp.com/consul/api-docs/health#list-checks-in-state */
export interface ServiceCheck extends v.InferOutput<typeof serviceCheck> {}

export const serviceChecks = list(serviceCheck);

export const serviceInstance = object({
  Service: object({
    ID: text,
    Service: text,
    Address: optionalText,
    Port: optionalNumber,
    Meta: mapOf(text),
  }),
  Node: object({ Address: optionalText }),
  Checks: serviceChecks,
});

/** An instance of a service with its checks. https://developer.hashicorp.com/consul/api-docs/health#list-service-instances-for-service */
export interface ServiceInstance extends v.InferOutput<typeof serviceInstance> {}

export const agentService = object({ ID: text, Service: text });

/** A service that is registered with an agent. */
export interface AgentService extends v.InferOutput<typeof agentService> {}

export const agentCheck = object({ Status: status, Output: optionalText });

/** A check as the agent that runs it knows it. */
export interface AgentCheck extends v.InferOutput<typeof agentCheck> {}

export const keyValue = object({
  Key: text,
  /** Base64; "" where the value is empty, which Consul writes as null. */
  Value: optionalText,
  ModifyIndex: number,
});

/** A key with its history. https://developer.hashicorp.com/consul/api-docs/kv#read-key */
export const keyEntry = object({
  Key: text,
  /** Base64; "" where the value is empty, which Consul writes as null. */
  Value: optionalText,
  CreateIndex: number,
  ModifyIndex: number,
});

export interface KeyEntry extends v.InferOutput<typeof keyEntry> {}

/** What was changed by a transaction: nothing for what it removed. */
export const transaction = object({
  Results: writtenList(object({ KV: pointer(object({ Key: text, CreateIndex: number, ModifyIndex: number })) })),
});

/** Why a transaction was not made: which of its operations was refused, counted from 0, and what for. */
export const refusedTransaction = object({
  Errors: writtenList(object({ OpIndex: number, What: text })),
});

export type TransactionError = v.InferOutput<typeof refusedTransaction>["Errors"][number];

/** A configuration entry: its kind, its name, and the rest. */
export type ConfigEntryJson = Readonly<Record<string, unknown>> & { readonly Kind: string; readonly Name: string };

export const configEntry: v.GenericSchema<unknown, ConfigEntryJson> = v.looseObject({ Kind: text, Name: text });
