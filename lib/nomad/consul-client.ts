import * as v from "valibot";
import {
  agentCheck,
  certificateRoots,
  agentService,
  configEntry,
  consulAgent,
  keyEntry,
  keyValue,
  list,
  mapOf,
  nothing,
  refusedTransaction,
  serviceChecks,
  serviceInstance,
  text,
  transaction,
  type AgentCheck,
  type AgentService,
  type ConfigEntryJson,
  type KeyEntry,
  type ServiceCheck,
  type ServiceInstance,
  type TransactionError,
  ownAndOthers,
} from "./answers";
import { ApiClient } from "./api-client";
import { apiPath, hasKeyPath, keyPath } from "./api-path";
import { ApiError } from "./errors";
import type { BlockingOptions } from "./http";

/** A value of the KV store. */
export interface KeyValue {
  readonly value: string;
  readonly modifyIndex: number;
}

/** A key that is set, if it has the index that is named: 0 where it must not be there. Without a value it is removed. */
export interface KeyChange {
  readonly key: string;
  readonly value?: string;
  readonly index: number;
}

/** Whether a write was made: not where the modify index is another one than it was to be. */
const written = v.boolean();

/**
 * Consul's HTTP API.
 *
 * @see https://developer.hashicorp.com/consul/api-docs
 */
export class ConsulClient extends ApiClient {
  /** The datacenter of the agent that is asked. */
  async datacenter(signal?: AbortSignal): Promise<string> {
    return (await this.http.get(apiPath`/v1/agent/self`, consulAgent, { signal })).Config.Datacenter;
  }

  /** Datacenters that this one knows, itself among them. */
  async datacenters(signal?: AbortSignal): Promise<readonly string[]> {
    return this.http.get(apiPath`/v1/catalog/datacenters`, ownAndOthers, { signal });
  }

  /**
   * The id that a cluster has for as long as it lives, the first part of its trust domain, which everybody may read. Clusters that are federated
   * have one in common.
   *
   * @see https://developer.hashicorp.com/consul/api-docs/connect/ca#list-ca-root-certificates
   */
  async clusterId(signal?: AbortSignal): Promise<string> {
    const { TrustDomain } = await this.http.get(apiPath`/v1/connect/ca/roots`, certificateRoots, { signal });
    return TrustDomain.replace(/\.consul$/, "");
  }

  /** Names of services with their tags. */
  async services(): Promise<Readonly<Record<string, readonly string[]>>> {
    return this.http.get(apiPath`/v1/catalog/services`, mapOf(list(text)));
  }

  /**
   * Instances of a service.
   *
   * @param options `complete`: the answer is refused where the token may not read all of them, which Consul leaves out without a word
   */
  async instances(
    service: string,
    { passing, complete }: { readonly passing?: boolean; readonly complete?: boolean } = {},
  ): Promise<readonly ServiceInstance[]> {
    return this.http.get(apiPath`/v1/health/service/${service}`, list(serviceInstance), {
      query: { passing: passing ? true : undefined },
      complete,
    });
  }

  /**
   * Checks of services whose ids have a text in them.
   *
   * @throws UserError where the token may not read all of them
   * @see https://developer.hashicorp.com/consul/api-docs/health#list-checks-in-state
   */
  async checksOfServices(part: string): Promise<readonly ServiceCheck[]> {
    const query = { filter: `ServiceID contains ${JSON.stringify(part)}` };
    return this.http.get(apiPath`/v1/health/state/any`, serviceChecks, { query, complete: true });
  }

  /**
   * Instances of a service with their checks, once something about one of them is newer than an index.
   *
   * @see https://developer.hashicorp.com/consul/api-docs/features/blocking
   */
  async watchInstances(
    service: string,
    options: BlockingOptions,
  ): Promise<{ readonly value: readonly ServiceInstance[]; readonly index: number }> {
    const path = apiPath`/v1/health/service/${service}`;
    return this.http.watch(path, list(serviceInstance), { ...options, complete: true });
  }

  /**
   * Checks as the agent that is asked runs them itself, by their ids. The catalog learns of a new output only after minutes, as long as the
   * status stays the same.
   */
  async agentChecks(): Promise<Readonly<Record<string, AgentCheck>>> {
    return this.http.get(apiPath`/v1/agent/checks`, mapOf(agentCheck));
  }

  /** Services that are registered with the agent that is asked, by their ids. */
  async agentServices(): Promise<Readonly<Record<string, AgentService>>> {
    return this.http.get(apiPath`/v1/agent/services`, mapOf(agentService));
  }

  /** Takes a service, with its checks, out of the agent that is asked. */
  async deregisterService(id: string): Promise<void> {
    await this.http.put(apiPath`/v1/agent/service/deregister/${id}`, nothing);
  }

  /** The value of a key, or undefined. */
  async value(key: string): Promise<string | undefined> {
    const found = await this.http.find(keyPath(key), list(keyValue));
    return found?.[0] && Buffer.from(found[0].Value, "base64").toString();
  }

  /** Keys under a prefix. @throws UserError where the token may not list all of them */
  async keys(prefix: string): Promise<readonly string[]> {
    const found = await this.http.find(keyPath(prefix), list(text), { query: { keys: true }, complete: true });
    return this.shown(prefix, found);
  }

  /** Every value under a prefix, by its whole key. @throws UserError where the token may not list all of them */
  async values(prefix: string): Promise<ReadonlyMap<string, KeyValue>> {
    const found = await this.http.find(keyPath(prefix), list(keyValue), { query: { recurse: true }, complete: true });
    return new Map(
      (await this.shown(prefix, found)).map(({ Key, Value, ModifyIndex }) => [
        Key,
        { value: Buffer.from(Value, "base64").toString(), modifyIndex: ModifyIndex },
      ]),
    );
  }

  /**
   * Sets a key.
   *
   * @param index the modify index that it must have, 0 where it must not be there; else whatever it has
   * @returns false where it has another
   */
  async setValue(key: string, value: string, index?: number): Promise<boolean> {
    if (hasKeyPath(key)) return this.http.put(keyPath(key), written, { text: value, query: { cas: index } });
    const Value = Buffer.from(value).toString("base64");
    return this.transact({ Verb: index === undefined ? "set" : "cas", Key: key, Value, Index: index });
  }

  /** Removes a key. @returns false where it has another modify index than this */
  async deleteKey(key: string, index?: number): Promise<boolean> {
    if (hasKeyPath(key)) return this.http.delete(keyPath(key), written, { query: { cas: index } });
    return this.transact({ Verb: index === undefined ? "delete" : "delete-cas", Key: key, Index: index });
  }

  /** A key with its history, as the leader has it, which asks the others first whether it still is the leader; undefined where there is none. */
  async entry(key: string, signal?: AbortSignal): Promise<KeyEntry | undefined> {
    const found = await this.http.find(keyPath(key), list(keyEntry), {
      query: { consistent: true },
      signal,
      complete: true,
    });
    return found?.[0];
  }

  /**
   * Every key under a prefix with its history, once something below it is newer than an index.
   *
   * @see https://developer.hashicorp.com/consul/api-docs/features/blocking
   */
  async watchEntries(
    prefix: string,
    options: BlockingOptions,
  ): Promise<{ readonly value: readonly KeyEntry[]; readonly index: number }> {
    const { value, index } = await this.http.watchFor(keyPath(prefix), list(keyEntry), {
      ...options,
      query: { recurse: true },
      complete: true,
    });
    return { value: value ?? (await this.shown(prefix, value)), index };
  }

  /**
   * Tells "there is none" from "none was shown": Consul leaves out of a list what nobody may read, and says so only to whoever has a token. A key is refused instead,
   * whether it is there or not; the prefix is one, too.
   *
   * @throws UserError where keys below the prefix may not be read
   * @see https://developer.hashicorp.com/consul/api-docs/api-structure#results-filtered-by-acls
   */
  private async shown<T>(prefix: string, found: readonly T[] | undefined): Promise<readonly T[]> {
    const isShown = found !== undefined && this.http.connection.token !== undefined;
    if (!isShown && prefix !== "") await this.http.find(keyPath(prefix), v.unknown());
    return found ?? [];
  }

  /**
   * Changes keys in one transaction, all or none.
   *
   * @param changes at most 64, which every release takes
   * @returns the index that those have that were set; or why none was changed
   * @see https://developer.hashicorp.com/consul/api-docs/txn
   */
  async change(
    changes: readonly KeyChange[],
    signal?: AbortSignal,
  ): Promise<{ readonly index: number } | { readonly errors: readonly TransactionError[] }> {
    const path = apiPath`/v1/txn`;
    const body = changes.map(({ key, value, index }) => ({
      KV:
        value === undefined
          ? { Verb: "delete-cas", Key: key, Index: index }
          : { Verb: "cas", Key: key, Index: index, Value: Buffer.from(value).toString("base64") },
    }));
    const answer = await this.http.putIf(path, transaction, refusedTransaction, { body, signal });
    if ("value" in answer) return { index: Math.max(0, ...answer.value.Results.map(({ KV }) => KV?.ModifyIndex ?? 0)) };
    const errors = answer.conflict.Errors;
    // A transaction that the token does not allow is a conflict too.
    const other = errors.find(({ What }) => !/index is stale/.test(What));
    if (other || errors.length === 0)
      this.http.refuse(
        { status: /permission denied/i.test(other?.What ?? "") ? 403 : 409, text: other?.What ?? "" },
        "PUT",
        path,
      );
    return { errors };
  }

  /** Sets a configuration entry. @returns false where it has another modify index than this */
  async setConfigEntry(entry: ConfigEntryJson, index?: number): Promise<boolean> {
    return this.http.put(apiPath`/v1/config`, written, { body: entry, query: { cas: index } });
  }

  /** Removes a configuration entry. @returns false where it has another modify index than this */
  async deleteConfigEntry(kind: string, name: string, index?: number): Promise<boolean> {
    const path = apiPath`/v1/config/${kind}/${name}`;
    // Without an index the answer is an empty object.
    return (
      (await this.http.delete(path, v.union([v.boolean(), v.strictObject({})]), { query: { cas: index } })) !== false
    );
  }

  /** A configuration entry, or undefined. */
  async configEntry(kind: string, name: string): Promise<ConfigEntryJson | undefined> {
    return this.http.find(apiPath`/v1/config/${kind}/${name}`, configEntry);
  }

  /**
   * Changes a key whose name can stand in no path: in a transaction it is only data.
   *
   * @returns false where it has another modify index
   * @see https://developer.hashicorp.com/consul/api-docs/txn
   */
  private async transact(operation: Readonly<Record<string, unknown>>): Promise<boolean> {
    try {
      await this.http.put(apiPath`/v1/txn`, transaction, { body: [{ KV: operation }] });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && /index is stale/.test(error.body)) return false;
      throw error;
    }
  }
}
