import type { ConsulClient } from "../../nomad";
import type { RecordedInConsul, StackRecord } from "../../stack-record";
import { knownBy } from "./owners";

/** What removing takes. */
export interface ClearingOptions {
  readonly consul: ConsulClient;
  /** Called with what is being done, before it is done. */
  readonly onStep: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Whether Consul has something that a stack made. */
export async function isThere({ kind, name }: RecordedInConsul, consul: ConsulClient): Promise<boolean> {
  if (kind === "keys") return (await consul.keys(name)).length > 0;
  return (await consul.configEntry(kind, name)) !== undefined;
}

/** The stack of a list that has the same in Consul. */
export function ownerInConsul(item: RecordedInConsul, records: readonly StackRecord[]): StackRecord | undefined {
  return records.find((record) =>
    knownBy(record).consul.some(({ kind, name }) => kind === item.kind && name === item.name),
  );
}

/**
 * Removes what a stack made in Consul and its program has no longer; what another stack has too, stays.
 *
 * @returns what no record of the stack needs any more
 */
export async function removeFromConsul(
  items: readonly RecordedInConsul[],
  others: readonly StackRecord[],
  options: ClearingOptions,
): Promise<readonly RecordedInConsul[]> {
  const gone: RecordedInConsul[] = [];
  const doomed: RecordedInConsul[] = [];
  for (const item of items)
    (ownerInConsul(item, others) || !(await isThere(item, options.consul)) ? gone : doomed).push(item);
  const done = await clearConsul(doomed, options);
  const left = done.filter(({ removed }) => !removed);
  return [
    ...gone,
    ...doomed.filter(({ kind, name }) => !left.some((item) => item.kind === kind && item.name === name)),
  ];
}

/** What needs others goes before them: Consul takes no protocol away that a resolver needs, and no resolver that a splitter needs. */
const ORDER = [
  "service-intentions",
  "service-router",
  "service-splitter",
  "service-resolver",
  "service-defaults",
  "proxy-defaults",
];

/** Removes keys and configuration entries that a stack made. */
export async function clearConsul(
  all: readonly RecordedInConsul[],
  { consul, signal, onStep }: ClearingOptions,
): Promise<readonly (RecordedInConsul & { readonly removed: boolean })[]> {
  const done: { kind: string; name: string; removed: boolean }[] = [];
  for (const { kind, name } of [...all].sort((a, b) => rank(a) - rank(b))) {
    signal?.throwIfAborted();
    onStep(`removing ${kind === "keys" ? "the keys below" : kind} ${name} in Consul`);
    const removed = kind === "keys" ? await clearKeys(consul, name) : await consul.deleteConfigEntry(kind, name);
    done.push({ kind, name, removed });
  }
  return done;
}

function rank({ kind }: RecordedInConsul): number {
  const at = ORDER.indexOf(kind);
  return at < 0 ? -1 : at;
}

/** Removes every key below a prefix: a stack that has a prefix removes whatever else is below it with each deployment, too. */
async function clearKeys(consul: ConsulClient, prefix: string): Promise<boolean> {
  // Without a prefix these would be all keys of the cluster.
  if (prefix.replaceAll("/", "") === "") return false;
  for (const [key, { modifyIndex }] of await consul.values(prefix))
    if (!(await consul.deleteKey(key, modifyIndex))) return false;
  return true;
}
