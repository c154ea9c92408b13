import type { ConfigEntryJson, ConsulClient } from "../../nomad";
import type { StackObject } from "../stack";
import type { Masking } from "../../masking";
import type { TemplateReader } from "./template-reads";

/** Something in Consul that changes. */
export interface ConsulChange {
  readonly path: string;
  /** A configuration entry, intentions among them, or a key of the KV store. */
  readonly kind: string;
  readonly name: string;
  readonly change: "create" | "update" | "delete" | "none";
  /** The modify index for which this is true; 0 where there is nothing yet. */
  readonly modifyIndex: number;
  readonly fields: readonly {
    readonly place: string;
    readonly before: string | undefined;
    readonly after: string | undefined;
  }[];
  /** Tasks of the stack's jobs whose templates read the key. Absent where there are none, or nobody looked. */
  readonly readers?: readonly TemplateReader[];
}

type Leaves = ReadonlyMap<string, string>;

/** What differs between a configuration entry that is wanted and the one that Consul has. */
export async function entryChange(
  consul: ConsulClient,
  { path, entry }: Extract<StackObject, { kind: "entry" }>,
  masking: Masking,
): Promise<ConsulChange> {
  const held = await consul.configEntry(entry.Kind, entry.Name);
  masking.learn(held);
  const [before, after] = [leaves(withoutServersOwn(held)), leaves(withoutServersOwn(entry))];
  const fields = held ? differences(before, after, masking) : [];
  const change = !held ? "create" : fields.length > 0 ? "update" : "none";
  const modifyIndex = typeof held?.ModifyIndex === "number" ? held.ModifyIndex : 0;
  return { path, kind: entry.Kind, name: entry.Name, change, modifyIndex, fields };
}

/** What differs below a prefix of the KV store, a change for every key. */
export async function keyChanges(
  consul: ConsulClient,
  { path, prefix, values }: Extract<StackObject, { kind: "keys" }>,
  masking: Masking,
): Promise<readonly ConsulChange[]> {
  const held = await consul.values(prefix);
  const keys = [...new Set([...Object.keys(values).map((key) => prefix + key), ...held.keys()])].sort();
  return keys.map((key) => {
    const before = held.get(key)?.value;
    masking.learn(before, lastStep(key));
    const short = key.slice(prefix.length);
    const after = Object.hasOwn(values, short) ? values[short] : undefined;
    const change =
      before === after ? "none" : before === undefined ? "create" : after === undefined ? "delete" : "update";
    const fields = change === "none" ? [] : [{ place: "value", ...masking.change(lastStep(key), before, after) }];
    return { path, kind: "key", name: key, change, modifyIndex: held.get(key)?.modifyIndex ?? 0, fields };
  });
}

function lastStep(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

const SERVERS_OWN = new Set([
  "CreateIndex",
  "ModifyIndex",
  "Hash",
  "Partition",
  "Namespace",
  "LegacyID",
  "LegacyCreateTime",
  "LegacyUpdateTime",
  "Precedence",
]);

function withoutServersOwn(entry: ConfigEntryJson | undefined): unknown {
  return (
    entry &&
    (JSON.parse(JSON.stringify(entry), (key, value: unknown) => (SERVERS_OWN.has(key) ? undefined : value)) as unknown)
  );
}

/** Makes a change, unless somebody made another since. @returns whether it was made */
export async function applyChange(consul: ConsulClient, change: ConsulChange, object: StackObject): Promise<boolean> {
  if (change.change === "none") return true;
  const { name, modifyIndex } = change;
  if (object.kind === "entry") return consul.setConfigEntry(object.entry, modifyIndex);
  if (object.kind !== "keys") return true;
  if (change.change === "delete") return consul.deleteKey(name, modifyIndex);
  return consul.setValue(name, object.values[name.slice(object.prefix.length)] ?? "", modifyIndex);
}

/** Every plain value of a tree by its place; what is empty says nothing. */
function leaves(value: unknown, place = "", found = new Map<string, string>()): Leaves {
  if (value === null || value === undefined || value === "" || value === false || value === 0) return found;
  if (typeof value !== "object") found.set(place, typeof value === "string" ? value : JSON.stringify(value));
  else if (Array.isArray(value))
    value.forEach((item, index) => leaves(item, `${place}[${itemName(item) ?? index}]`, found));
  else for (const [key, item] of Object.entries(value)) leaves(item, place === "" ? key : `${place}.${key}`, found);
  return found;
}

/** Lists of named things, such as the sources of intentions, are compared by name. */
function itemName(item: unknown): string | undefined {
  const name = typeof item === "object" && item !== null ? (item as { Name?: unknown }).Name : undefined;
  return typeof name === "string" ? name : undefined;
}

function differences(before: Leaves, after: Leaves, masking: Masking) {
  const places = [...new Set([...before.keys(), ...after.keys()])].sort();
  return places
    .filter((place) => before.get(place) !== after.get(place))
    .map((place) => {
      const name = place.slice(place.lastIndexOf(".") + 1);
      return { place, ...masking.change(name, before.get(place), after.get(place)) };
    });
}
