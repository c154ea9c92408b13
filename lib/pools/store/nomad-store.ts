import pLimit from "p-limit";
import { NomadClient, type Connection, type VariableStub } from "../../nomad";
import {
  ABSENT,
  LONGEST_WAIT,
  type Change,
  type ListOptions,
  type Snapshot,
  type Store,
  type StoredObject,
} from "./store";

/** Requests at once for what changed: Nomad allows a client a hundred connections, commands among them. */
const AT_ONCE = 8;
/** The item of the variable that has the value. */
const ITEM = "value";

/**
 * Leases in Nomad's variables, where there is no Consul.
 *
 * A list of variables says of each when it was changed, and not what is in it. So what was read is remembered by its modify index, and only
 * what others have changed is read again: a write of this store costs its own list nothing.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/variables
 */
export class NomadStore implements Store {
  readonly name = "Nomad";
  readonly #client: NomadClient;
  readonly #known = new Map<string, StoredObject>();
  readonly #limit = pLimit(AT_ONCE);

  constructor(connection: Connection) {
    this.#client = new NomadClient(connection);
  }

  async list(prefix: string, { after, wait = LONGEST_WAIT, signal }: ListOptions = {}): Promise<Snapshot> {
    const { value, index } = await this.#client.watchVariables(prefix, { index: after, seconds: wait / 1000, signal });
    const found = await Promise.all(value.map((stub) => this.valueOf(stub, signal)));
    const objects = new Map(found.flatMap((object) => (object ? [[object.key, object]] : [])));
    for (const key of this.#known.keys()) if (key.startsWith(prefix) && !objects.has(key)) this.#known.delete(key);
    return { objects, index: Math.max(1, index) };
  }

  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const found = await this.#client.variable(key, signal);
    if (found) return this.keep(found, found.Items[ITEM] ?? "");
    this.#known.delete(key);
    return undefined;
  }

  async write(key: string, value: string, version: number, signal?: AbortSignal): Promise<number | undefined> {
    const made = await this.#client.setVariable(key, { [ITEM]: value }, version, signal);
    return made && this.keep(made, value).version;
  }

  async remove(key: string, version: number, signal?: AbortSignal): Promise<boolean> {
    if (await this.#client.deleteVariable(key, version, signal)) return true;
    // That it is not there is a conflict too.
    return (await this.read(key, signal)) === undefined;
  }

  async change(changes: readonly Change[], signal?: AbortSignal): Promise<readonly (number | undefined)[]> {
    return Promise.all(
      changes.map(({ key, value, version }) =>
        this.#limit(async () => {
          if (value !== undefined) return this.write(key, value, version, signal);
          return (await this.remove(key, version, signal)) ? ABSENT : undefined;
        }),
      ),
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  private async valueOf(stub: VariableStub, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const known = this.#known.get(stub.Path);
    if (known?.version === stub.ModifyIndex) return known;
    return this.#limit(() => this.read(stub.Path, signal));
  }

  private keep({ Path: key, ModifyIndex: version, CreateIndex: created }: VariableStub, value: string): StoredObject {
    const object = { key, value, version, created };
    const known = this.#known.get(key);
    // Answers may come in another order than they were made.
    if (!known || known.version <= version || known.created !== created) this.#known.set(key, object);
    return object;
  }
}
