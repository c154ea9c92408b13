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
    readonly Name: string;
    readonly Status: string;
    readonly Type: string;
    readonly Output: string;
    readonly ServiceID: string;
  }[];
}

/** A configuration entry: its kind, its name, and the rest. */
export type ConfigEntryJson = Readonly<Record<string, unknown>> & { readonly Kind: string; readonly Name: string };

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

  /** The value of a key, or undefined. */
  async value(key: string): Promise<string | undefined> {
    const found = await this.http.find<readonly { readonly Value: string | null }[]>(`/v1/kv/${encodePath(key)}`);
    return found?.[0] && Buffer.from(found[0].Value ?? "", "base64").toString();
  }

  /** Keys under a prefix. */
  async keys(prefix: string): Promise<readonly string[]> {
    return (await this.http.find(`/v1/kv/${encodePath(prefix)}`, { query: { keys: true } })) ?? [];
  }

  async setValue(key: string, value: string): Promise<void> {
    await this.http.put(`/v1/kv/${encodePath(key)}`, { text: value });
  }

  async deleteKey(key: string): Promise<void> {
    await this.http.delete(`/v1/kv/${encodePath(key)}`);
  }

  async setConfigEntry(entry: ConfigEntryJson): Promise<void> {
    await this.http.put("/v1/config", { body: entry });
  }

  async configEntry(kind: string, name: string): Promise<ConfigEntryJson | undefined> {
    return this.http.find(`/v1/config/${kind}/${encodeURIComponent(name)}`);
  }
}

function encodePath(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
