import { inTransactions, type ConsulClient, type NomadClient } from "../../nomad";
import { partPath, RECORD_ROOT } from "../../stack-record";

/** An object of a record as a store has it. */
export interface StoredText {
  readonly text: string;
  /** What a write that shall replace just this one names. */
  readonly version: number;
}

/** A change of one object, if it has the version that is named. */
export interface TextChange {
  readonly path: string;
  /** Undefined: it is removed. */
  readonly text: string | undefined;
  /** 0 where there must be none. */
  readonly version: number;
}

/** The paths of the heads of records, two steps below the root, of whatever stands at them or below. */
export function headsOf(paths: Iterable<string>): readonly string[] {
  const heads = [...paths].map((path) => path.slice(RECORD_ROOT.length).split("/").slice(0, 2).join("/"));
  return [...new Set(heads)].sort().map((head) => RECORD_ROOT + head);
}

/** Where records are kept. */
export interface RecordStore {
  /** For messages: `Consul` or `Nomad`. */
  readonly name: "Consul" | "Nomad";
  /** All objects of one record, by their paths: its head, and what stands below it. */
  read(head: string, signal?: AbortSignal): Promise<ReadonlyMap<string, StoredText>>;
  /** All objects of all records. */
  readAll(signal?: AbortSignal): Promise<ReadonlyMap<string, StoredText>>;
  /**
   * Changes objects in their order. Where one of them has another version by now, it is not changed, and none after it; in Consul none before
   * it either, as far as they fit into one transaction.
   *
   * @returns whether all of them were changed
   */
  change(changes: readonly TextChange[], signal?: AbortSignal): Promise<boolean>;
}

/** Records in Consul's KV store. */
export class ConsulRecordStore implements RecordStore {
  readonly name = "Consul";

  constructor(private readonly consul: ConsulClient) {}

  async read(head: string): Promise<ReadonlyMap<string, StoredText>> {
    // In one question, so that all of it is of one moment. Keys that only begin alike are another stack's.
    const all = await this.below(head);
    return new Map([...all].filter(([path]) => path === head || path.startsWith(`${head}/`)));
  }

  async readAll(): Promise<ReadonlyMap<string, StoredText>> {
    return this.below(RECORD_ROOT);
  }

  async change(changes: readonly TextChange[], signal?: AbortSignal): Promise<boolean> {
    for (const some of inTransactions(changes, ({ path, text }) => ({ key: path, value: text }))) {
      const operations = some.map(({ path, text, version }) => ({ key: path, value: text, index: version }));
      const answer = await this.consul.change(operations, signal);
      if (!("index" in answer)) return false;
    }
    return true;
  }

  private async below(prefix: string): Promise<ReadonlyMap<string, StoredText>> {
    const values = await this.consul.values(prefix);
    return new Map([...values].map(([path, { value, modifyIndex }]) => [path, { text: value, version: modifyIndex }]));
  }
}

/** The item of a variable that has the text. */
const ITEM = "record";

/** Records in Nomad's variables, where a stack has no Consul. */
export class NomadRecordStore implements RecordStore {
  readonly name = "Nomad";

  constructor(private readonly nomad: NomadClient) {}

  async read(head: string, signal?: AbortSignal): Promise<ReadonlyMap<string, StoredText>> {
    const found = new Map<string, StoredText>();
    // By their paths, and not by a list: that leaves out what the token may not see, and says nothing.
    const read = async (path: string): Promise<StoredText | undefined> => {
      const variable = await this.nomad.variable(path, signal);
      const stored = variable && { text: variable.Items[ITEM] ?? "", version: variable.ModifyIndex };
      if (stored) found.set(path, stored);
      return stored;
    };
    await read(head);
    // Also what a deployment that was ended in between left behind, of which no head tells. How many parts a head says that there are is somebody's word: where one
    // is missing, the record is none that can be read, and those after it need not be asked for.
    for (const list of ["jobs", "consul", "others"] as const)
      for (let part = 0; (await read(partPath(head, list, part))) !== undefined;) part += 1;
    return found;
  }

  async readAll(signal?: AbortSignal): Promise<ReadonlyMap<string, StoredText>> {
    const { value } = await this.nomad.watchVariables(RECORD_ROOT, { seconds: 0, signal, complete: true });
    const heads = headsOf(value.map(({ Path }) => Path));
    const all = new Map<string, StoredText>();
    for (const head of heads) for (const [path, stored] of await this.read(head, signal)) all.set(path, stored);
    return all;
  }

  async change(changes: readonly TextChange[], signal?: AbortSignal): Promise<boolean> {
    for (const { path, text, version } of changes) {
      const done =
        text === undefined
          ? await this.nomad.deleteVariable(path, version, signal)
          : (await this.nomad.setVariable(path, { [ITEM]: text }, version, signal)) !== undefined;
      if (!done) return false;
    }
    return true;
  }
}
