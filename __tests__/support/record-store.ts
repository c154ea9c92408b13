import type { ConsulClient, KeyChange, NomadClient } from "../../lib/nomad";
import type { RecordClients } from "../../lib/operations";

interface Held {
  text: string;
  index: number;
}

/** The part of Consul's KV store and of Nomad's variables that records use, in this process. */
export class RecordServers {
  readonly consul = new Map<string, Held>();
  readonly nomad = new Map<string, Held>();
  /** Called before each write, with the paths that are written. */
  beforeWrite: (paths: readonly string[]) => void | Promise<void> = () => undefined;
  /** Thrown by every request to that server. */
  readonly refuse: { consul?: Error; nomad?: Error } = {};
  /** Thrown by the next requests to that server, one after another. */
  readonly stumble: { consul: Error[]; nomad: Error[] } = { consul: [], nomad: [] };
  #index = 0;

  get clients(): RecordClients {
    return { consul: this.consulClient() as ConsulClient, nomad: this.nomadClient() as NomadClient };
  }

  /** Texts by path. */
  texts(store: "consul" | "nomad"): Readonly<Record<string, string>> {
    return Object.fromEntries([...this[store]].map(([path, { text }]) => [path, text]));
  }

  put(store: "consul" | "nomad", path: string, text: string | undefined): number {
    this.#index += 1;
    if (text === undefined) this[store].delete(path);
    else this[store].set(path, { text, index: this.#index });
    return this.#index;
  }

  private consulClient(): Partial<ConsulClient> {
    return {
      values: async (prefix: string) => {
        this.asked("consul");
        const found = [...this.consul].filter(([path]) => path.startsWith(prefix));
        return new Map(found.map(([path, { text, index }]) => [path, { value: text, modifyIndex: index }]));
      },
      change: async (changes: readonly KeyChange[]) => {
        this.asked("consul");
        await this.beforeWrite(changes.map(({ key }) => key));
        const errors = changes.flatMap(({ key, index }, at) =>
          (this.consul.get(key)?.index ?? 0) === index ? [] : [{ OpIndex: at, What: "index is stale" }],
        );
        if (errors.length > 0) return { errors };
        for (const { key, value } of changes) this.put("consul", key, value);
        return { index: this.#index };
      },
    };
  }

  private nomadClient(): Partial<NomadClient> {
    const stub = (path: string, { index }: Held) => ({ Path: path, CreateIndex: 1, ModifyIndex: index });
    return {
      variable: async (path: string) => {
        this.asked("nomad");
        const held = this.nomad.get(path);
        return held && { ...stub(path, held), Items: { record: held.text } };
      },
      watchVariables: async (prefix: string) => {
        this.asked("nomad");
        const found = [...this.nomad].filter(([path]) => path.startsWith(prefix));
        return { value: found.map(([path, held]) => stub(path, held)), index: this.#index };
      },
      setVariable: async (path: string, items: Readonly<Record<string, string>>, index: number) => {
        this.asked("nomad");
        await this.beforeWrite([path]);
        if ((this.nomad.get(path)?.index ?? 0) !== index) return undefined;
        return { Path: path, CreateIndex: 1, ModifyIndex: this.put("nomad", path, items.record) };
      },
      deleteVariable: async (path: string, index: number) => {
        this.asked("nomad");
        await this.beforeWrite([path]);
        if (this.nomad.get(path)?.index !== index) return false;
        this.put("nomad", path, undefined);
        return true;
      },
    };
  }

  private asked(store: "consul" | "nomad"): void {
    const error = this.refuse[store] ?? this.stumble[store].shift();
    if (error) throw error;
  }
}
