import { ApiClient } from "./api-client";

/** An instance of a service with its checks. */
export interface ServiceInstance {
  readonly Service: {
    readonly ID: string;
    readonly Service: string;
    readonly Address: string;
    readonly Port: number;
    readonly Meta: Readonly<Record<string, string>>;
  };
  readonly Node: { readonly Address: string };
  readonly Checks: readonly {
    readonly CheckID: string;
    readonly Name: string;
    readonly Status: string;
    readonly Type: string;
    readonly Output: string;
    readonly ServiceID: string;
  }[];
}

/** A configuration entry: its kind, its name, and the rest. */
export type ConfigEntryJson = Readonly<Record<string, unknown>> & { readonly Kind: string; readonly Name: string };

/** A value of the KV store. */
export interface KeyValue {
  readonly value: string;
  readonly modifyIndex: number;
}

interface RawValue {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
}

/**
 * Consul's HTTP API.
 *
 * @see https://developer.hashicorp.com/consul/api-docs
 */
export class ConsulClient extends ApiClient {
  /** Names of services with their tags. */
  async services(): Promise<Readonly<Record<string, readonly string[]>>> {
    return this.http.get("/v1/catalog/services");
  }

  /** Instances of a service. */
  async instances(service: string, options: { readonly passing?: boolean } = {}): Promise<readonly ServiceInstance[]> {
    return this.http.get(`/v1/health/service/${encodeURIComponent(service)}`, {
      query: { passing: options.passing ? true : undefined },
    });
  }

  /**
   * Checks as the agent that is asked runs them itself, by their ids. The catalog learns of a new output only after minutes, as long as the
   * status stays the same.
   */
  async agentChecks(): Promise<Readonly<Record<string, { readonly Status: string; readonly Output: string }>>> {
    return this.http.get("/v1/agent/checks");
  }

  /** The value of a key, or undefined. */
  async value(key: string): Promise<string | undefined> {
    const found = await this.http.find<readonly { readonly Value: string | null }[]>(`/v1/kv/${encodePath(key)}`);
    return found?.[0] && Buffer.from(found[0].Value ?? "", "base64").toString();
  }

  /** Keys under a prefix. */
  async keys(prefix: string): Promise<readonly string[]> {
    return (await this.http.find(`/v1/kv/${encodePath(prefix)}`, { query: { keys: true } })) ?? [];
  }

  /** Every value under a prefix, by its whole key. */
  async values(prefix: string): Promise<ReadonlyMap<string, KeyValue>> {
    const found = await this.http.find<readonly RawValue[]>(`/v1/kv/${encodePath(prefix)}`, {
      query: { recurse: true },
    });
    return new Map(
      (found ?? []).map(({ Key, Value, ModifyIndex }) => [
        Key,
        { value: Buffer.from(Value ?? "", "base64").toString(), modifyIndex: ModifyIndex },
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
    return (await this.http.put(`/v1/kv/${encodePath(key)}`, { text: value, query: { cas: index } })) !== false;
  }

  /** Removes a key. @returns false where it has another modify index than this */
  async deleteKey(key: string, index?: number): Promise<boolean> {
    return (await this.http.delete(`/v1/kv/${encodePath(key)}`, { query: { cas: index } })) !== false;
  }

  /** Sets a configuration entry. @returns false where it has another modify index than this */
  async setConfigEntry(entry: ConfigEntryJson, index?: number): Promise<boolean> {
    return (await this.http.put("/v1/config", { body: entry, query: { cas: index } })) !== false;
  }

  /** Removes a configuration entry. @returns false where it has another modify index than this */
  async deleteConfigEntry(kind: string, name: string, index?: number): Promise<boolean> {
    const path = `/v1/config/${kind}/${encodeURIComponent(name)}`;
    return (await this.http.delete(path, { query: { cas: index } })) !== false;
  }

  /** A configuration entry, or undefined. */
  async configEntry(kind: string, name: string): Promise<ConfigEntryJson | undefined> {
    return this.http.find(`/v1/config/${kind}/${encodeURIComponent(name)}`);
  }
}

function encodePath(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
