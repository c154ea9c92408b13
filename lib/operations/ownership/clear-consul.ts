import { messageOf, type ConsulClient } from "../../nomad";
import { RECORD_ROOT, type RecordedInConsul, type StackRecord } from "../../stack-record";
import { knownBy } from "./owners";

/** What removing takes. */
export interface ClearingOptions {
  readonly consul: ConsulClient;
  /** Prefixes of keys that others have: see {@link sparedKeys}. */
  readonly spared: readonly string[];
  /** Called with what is being done, before it is done. */
  readonly onStep: (text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Prefixes of keys that stay, although a shorter prefix is removed: those of other stacks, and those that the program has.
 *
 * @param wanted what the program has in Consul. Default: nothing, since all of the stack goes
 */
export function sparedKeys(
  others: readonly StackRecord[],
  wanted: readonly RecordedInConsul[] = [],
): readonly string[] {
  const all = [...others.flatMap((record) => knownBy(record).consul), ...wanted];
  return all.flatMap(({ kind, name }) => (kind === "keys" ? [name] : []));
}

/** Whether Consul has something that a stack made. */
export async function isThere(
  { kind, name }: RecordedInConsul,
  consul: ConsulClient,
  spared: readonly string[],
): Promise<boolean> {
  if (kind === "keys") return (await consul.keys(name)).some((key) => isOwnKey(key, name, spared));
  return (await consul.configEntry(kind, name)) !== undefined;
}

/** The stack of a list that has the same in Consul, or a prefix that the keys are below. */
export function ownerInConsul(item: RecordedInConsul, records: readonly StackRecord[]): StackRecord | undefined {
  const has = ({ kind, name }: RecordedInConsul) =>
    kind === item.kind && (name === item.name || (kind === "keys" && namesKeys(name) && item.name.startsWith(name)));
  return records.find((record) => knownBy(record).consul.some(has));
}

/** What a stack made in Consul, with the splitters that `deploy --canary-weight` made for its resolvers. */
export function withSplitters(all: readonly RecordedInConsul[]): readonly RecordedInConsul[] {
  const splitters = all
    .filter(({ kind }) => kind === "service-resolver")
    .map(({ name }) => ({ kind: "service-splitter", name }))
    .filter(({ name }) => !all.some((item) => item.kind === "service-splitter" && item.name === name));
  return [...all, ...splitters];
}

/** What became of something that a stack made in Consul. */
export interface Cleared extends RecordedInConsul {
  readonly removed: boolean;
}

/**
 * Removes leftovers. What Consul refuses, or somebody changes meanwhile, stays.
 *
 * @returns each with why it is there still; without a reason where it is removed
 */
export async function removeLeftovers(
  leftovers: readonly RecordedInConsul[],
  options: ClearingOptions,
): Promise<readonly (RecordedInConsul & { readonly reason?: string })[]> {
  const done: (RecordedInConsul & { reason?: string })[] = [];
  for (const item of inOrder(leftovers)) {
    try {
      const [cleared] = await clearConsul([item], options);
      done.push(cleared?.removed === true ? item : { ...item, reason: "somebody changed it meanwhile" });
    } catch (error) {
      options.signal?.throwIfAborted();
      done.push({ ...item, reason: messageOf(error) });
    }
  }
  return done;
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
  { consul, spared, signal, onStep }: ClearingOptions,
): Promise<readonly Cleared[]> {
  const done: Cleared[] = [];
  for (const { kind, name } of inOrder(all)) {
    signal?.throwIfAborted();
    onStep(`removing ${kind === "keys" ? "the keys below" : kind} ${name} in Consul`);
    const removed =
      kind === "keys" ? await clearKeys(consul, name, spared) : await consul.deleteConfigEntry(kind, name);
    done.push({ kind, name, removed });
  }
  return done;
}

function inOrder(all: readonly RecordedInConsul[]): readonly RecordedInConsul[] {
  return [...all].sort((a, b) => rank(a) - rank(b));
}

function rank({ kind }: RecordedInConsul): number {
  const at = ORDER.indexOf(kind);
  return at < 0 ? -1 : at;
}

/** Removes every key below a prefix: a stack that has a prefix removes whatever else is below it with each deployment, too. */
async function clearKeys(consul: ConsulClient, prefix: string, spared: readonly string[]): Promise<boolean> {
  // Without a prefix these would be all keys of the cluster.
  if (!namesKeys(prefix)) return false;
  for (const [key, { modifyIndex }] of await consul.values(prefix))
    if (isOwnKey(key, prefix, spared) && !(await consul.deleteKey(key, modifyIndex))) return false;
  return true;
}

/** Why nothing is called so, neither job, prefix nor entry: a server may read it as another name. Undefined where something may be. */
export function whyNoName(name: string): string | undefined {
  return /\p{Cc}/u.test(name) ? "it has control characters, and nothing is called so" : undefined;
}

/** Why keys that the program has not stay: they go by whole steps of their paths, and `d` would be those below `db/` too. Undefined where they may go. */
export function whyNoPrefix({ kind, name }: RecordedInConsul): string | undefined {
  return kind === "keys" && !name.endsWith("/")
    ? "it ends within a step of a path, and the program has no such keys"
    : undefined;
}

/** Whether a prefix is one of some keys, and not of all that a cluster has. */
function namesKeys(prefix: string): boolean {
  return prefix.replaceAll("/", "") !== "";
}

/** Below it pools keep their leases. */
const POOLS = "pools/";

/** Whether a key goes with a prefix: not where a longer prefix is somebody else's, and never records or, unless it is said, what pools keep. */
function isOwnKey(key: string, prefix: string, spared: readonly string[]): boolean {
  if (!namesKeys(prefix) || key.startsWith(RECORD_ROOT)) return false;
  if (key.startsWith(POOLS) && prefix.length <= POOLS.length) return false;
  return !spared.some((other) => other.length > prefix.length && key.startsWith(other));
}
