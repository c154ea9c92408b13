import * as v from "valibot";
import {
  agentCheck,
  configEntry,
  keyValue,
  list,
  mapOf,
  serviceInstance,
  text,
  type AgentCheck,
  type ConfigEntryJson,
  type ServiceInstance,
} from "./answers";
import { ApiClient } from "./api-client";
import { apiPath, hasKeyPath, keyPath } from "./api-path";
import { ApiError } from "./errors";

/** A value of the KV store. */
export interface KeyValue {
  readonly value: string;
  readonly modifyIndex: number;
}

/** Whether a write was made: not where the modify index is another one than it was to be. */
const written = v.boolean();

/**
 * Consul's HTTP API.
 *
 * @see https://developer.hashicorp.com/consul/api-docs
 */
export class ConsulClient extends ApiClient {
  /** Names of services with their tags. */
  async services(): Promise<Readonly<Record<string, readonly string[]>>> {
    return this.http.get(apiPath`/v1/catalog/services`, mapOf(list(text)));
  }

  /** Instances of a service. */
  async instances(service: string, options: { readonly passing?: boolean } = {}): Promise<readonly ServiceInstance[]> {
    return this.http.get(apiPath`/v1/health/service/${service}`, list(serviceInstance), {
      query: { passing: options.passing ? true : undefined },
    });
  }

  /**
   * Checks as the agent that is asked runs them itself, by their ids. The catalog learns of a new output only after minutes, as long as the
   * status stays the same.
   */
  async agentChecks(): Promise<Readonly<Record<string, AgentCheck>>> {
    return this.http.get(apiPath`/v1/agent/checks`, mapOf(agentCheck));
  }

  /** The value of a key, or undefined. */
  async value(key: string): Promise<string | undefined> {
    const found = await this.http.find(keyPath(key), list(keyValue));
    return found?.[0] && Buffer.from(found[0].Value, "base64").toString();
  }

  /** Keys under a prefix. */
  async keys(prefix: string): Promise<readonly string[]> {
    return (await this.http.find(keyPath(prefix), list(text), { query: { keys: true } })) ?? [];
  }

  /** Every value under a prefix, by its whole key. */
  async values(prefix: string): Promise<ReadonlyMap<string, KeyValue>> {
    const found = await this.http.find(keyPath(prefix), list(keyValue), { query: { recurse: true }, complete: true });
    return new Map(
      (found ?? []).map(({ Key, Value, ModifyIndex }) => [
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

  /** Sets a configuration entry. @returns false where it has another modify index than this */
  async setConfigEntry(entry: ConfigEntryJson, index?: number): Promise<boolean> {
    return this.http.put(apiPath`/v1/config`, written, { body: entry, query: { cas: index } });
  }

  /** Removes a configuration entry. @returns false where it has another modify index than this */
  async deleteConfigEntry(kind: string, name: string, index?: number): Promise<boolean> {
    const path = apiPath`/v1/config/${kind}/${name}`;
    // Without an index the answer is an empty object.
    return (await this.http.delete(path, v.unknown(), { query: { cas: index } })) !== false;
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
      await this.http.put(apiPath`/v1/txn`, v.unknown(), { body: [{ KV: operation }] });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && /index is stale/.test(error.body)) return false;
      throw error;
    }
  }
}
