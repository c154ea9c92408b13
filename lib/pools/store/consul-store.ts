import { ConsulClient, inTransactions, type Connection, type KeyEntry } from "../../nomad";
import { Gathered } from "./gathered";
import {
  ABSENT,
  LONGEST_WAIT,
  type Change,
  type ListOptions,
  type Snapshot,
  type Store,
  type StoredObject,
} from "./store";

/**
 * Leases in Consul's KV store. Every change is a transaction, whose answer has the new index: a plain `PUT ?cas` says true or false alone.
 *
 * @see https://developer.hashicorp.com/consul/api-docs/kv
 */
export class ConsulStore implements Store {
  readonly name = "Consul";
  readonly #client: Pick<ConsulClient, "watchEntries" | "entry" | "change" | "close">;
  readonly #gathered: Gathered;

  /**
   * @param server where Consul is, or as much of a client of it as leases are kept by
   * @param later calls once, after so many milliseconds, and returns what forgets that: tells requests that take long from those that do not. Default: the
   *   timers of this process
   */
  constructor(
    server: Connection | Pick<ConsulClient, "watchEntries" | "entry" | "change" | "close">,
    later?: (delay: number, run: () => void) => () => void,
  ) {
    this.#client = "watchEntries" in server ? server : new ConsulClient(server);
    this.#gathered = new Gathered(
      (changes, signal) => this.transact(changes, signal),
      (changes) => inTransactions(changes, (change) => change)[0] ?? [],
      later,
    );
  }

  async list(prefix: string, { after, wait = LONGEST_WAIT, signal }: ListOptions = {}): Promise<Snapshot> {
    const { value, index } = await this.#client.watchEntries(prefix, { index: after, seconds: wait / 1000, signal });
    // An index of 0 would ask for an answer at once, again and again.
    return { objects: new Map(value.map((entry) => [entry.Key, objectOf(entry)])), index: Math.max(1, index) };
  }

  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const entry = await this.#client.entry(key, signal);
    return entry && objectOf(entry);
  }

  async write(key: string, value: string, version: number, signal?: AbortSignal): Promise<number | undefined> {
    return this.#gathered.make({ key, value, version }, signal);
  }

  async remove(key: string, version: number, signal?: AbortSignal): Promise<boolean> {
    return (await this.#gathered.make({ key, value: undefined, version }, signal)) !== undefined;
  }

  async change(changes: readonly Change[], signal?: AbortSignal): Promise<readonly (number | undefined)[]> {
    const made: (number | undefined)[] = [];
    for (const some of inTransactions(changes, (change) => change)) made.push(...(await this.transact(some, signal)));
    return made;
  }

  /** A transaction is made in whole or not at all: what was refused is left out, and the rest sent again. */
  private async transact(changes: readonly Change[], signal?: AbortSignal): Promise<readonly (number | undefined)[]> {
    const made = new Map<Change, number>();
    let rest = changes;
    while (rest.length > 0) {
      const answer = await this.#client.change(
        rest.map(({ key, value, version }) => ({ key, value, index: version })),
        signal,
      );
      if ("index" in answer) {
        for (const change of rest) made.set(change, change.value === undefined ? ABSENT : answer.index);
        break;
      }
      const refused = new Set(answer.errors.map(({ OpIndex }) => rest[OpIndex]));
      const left = rest.filter((change) => !refused.has(change));
      if (left.length === rest.length) throw new Error("Consul refused a transaction, and none of its operations");
      rest = left;
    }
    return changes.map((change) => made.get(change));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function objectOf(entry: KeyEntry): StoredObject {
  return {
    key: entry.Key,
    value: Buffer.from(entry.Value, "base64").toString(),
    version: entry.ModifyIndex,
    created: entry.CreateIndex,
  };
}
