/** Parts of answers that differ on every machine and say nothing that a client reads. */
const DROPPED = new Set([
  "ClassEligibility",
  "Attributes",
  "Links",
  "Processors",
  "Topology",
  "ScoreMetaData",
  "Scores",
  "CgroupParent",
  "UniqueAttributes",
]);
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
/** Nanoseconds since 1970, of this century. */
const isTime = (value: number) => value > 1e18 && value < 4e18;
/** Ports that an agent hands out by itself. */
const isDynamicPort = (key: string, value: number) => /^(?:Value|Port|ServicePort|To)$/.test(key) && value >= 20_000;
const isIndex = (key: string) =>
  /Index$/.test(key) || key.toLowerCase() === "x-nomad-index" || key.toLowerCase() === "x-consul-index";

/** When the recordings say that they were made: nanoseconds since 1970. */
const BEGINNING = 1_700_000_000e9;

/**
 * Makes a recording alike on every machine and in every run, as far as it can: ids, times, indexes and ports are counted anew in their
 * order, keys are sorted, and what tells of the machine is left out.
 *
 * @param folder where the agents kept their data
 */
export function normalise(value: unknown, folder: string): unknown {
  const clean = sorted(value, folder);
  const found = { times: new Set<number>(), indexes: new Set<number>(), ports: new Set<number>() };
  walk(clean, (key, leaf) => {
    if (typeof leaf === "string" && ISO_TIME.test(leaf) && !leaf.startsWith("0001"))
      found.times.add(tenths(Date.parse(leaf) * 1e6));
    const number = typeof leaf === "string" && isIndex(key) ? Number(leaf) : leaf;
    if (typeof number !== "number") return leaf;
    if (isIndex(key) && number > 0) found.indexes.add(number);
    else if (isTime(number)) found.times.add(tenths(number));
    else if (isDynamicPort(key, number)) found.ports.add(number);
    return leaf;
  });
  const rank = (values: ReadonlySet<number>) =>
    new Map([...values].sort((a, b) => a - b).map((each, at) => [each, at + 1]));
  const times = rank(found.times);
  const indexes = rank(found.indexes);
  const ports = rank(found.ports);
  const timeOf = (nanoseconds: number) => BEGINNING + (times.get(tenths(nanoseconds)) ?? 0) * 1e9;
  const counted = walk(clean, (key, leaf) => {
    if (typeof leaf === "string" && ISO_TIME.test(leaf) && !leaf.startsWith("0001"))
      return new Date(timeOf(Date.parse(leaf) * 1e6) / 1e6).toISOString().replace(".000", "");
    const number = typeof leaf === "string" && isIndex(key) ? Number(leaf) : leaf;
    if (typeof number !== "number") return leaf;
    if (isIndex(key)) {
      const index = number > 0 ? (indexes.get(number) ?? 0) * 10 : number;
      return typeof leaf === "string" ? String(index) : index;
    }
    if (isTime(number)) return timeOf(number);
    return isDynamicPort(key, number) ? 20_000 + (ports.get(number) ?? 0) : leaf;
  });
  return withCountedIds(counted);
}

/** Times of one moment are told apart by some nanoseconds, in another order each time. */
function tenths(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e8) * 1e8;
}

/** Ids by their first appearance; their first eight digits, which messages name, stay those of the whole id. */
function withCountedIds(value: unknown): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify(value);
  for (const [id] of text.matchAll(UUID)) {
    if (/^0{8}-0{4}-/.test(id) || ids.has(id)) continue;
    ids.set(id, `${(0xa0000001 + ids.size).toString(16)}-0000-4000-8000-000000000000`);
  }
  const short = new Map([...ids].map(([from, to]) => [from.slice(0, 8), to.slice(0, 8)]));
  return JSON.parse(
    text
      .replaceAll(UUID, (id) => ids.get(id) ?? id)
      .replaceAll(/\b[0-9a-f]{8}\b(?!-)/g, (start) => short.get(start) ?? start),
  ) as unknown;
}

/** With sorted keys, without what is dropped; lists of things that were made one after another in that order. */
function sorted(value: unknown, folder: string, key = ""): unknown {
  if (typeof value === "string") return value.replaceAll(folder, "/data");
  if (typeof value !== "object" || value === null) return key === "AllocationTime" ? 0 : value;
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item, folder));
    const order = (item: unknown) => {
      const made = item as { CreateIndex?: number; Version?: number; Name?: string; ID?: string } | null;
      return typeof made?.CreateIndex === "number" && typeof made.ID === "string" && made.Version === undefined
        ? `${String(made.CreateIndex).padStart(12, "0")} ${made.Name ?? ""}`
        : "";
    };
    return items.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !DROPPED.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item, folder, name)]),
  );
}

function walk(value: unknown, change: (key: string, leaf: unknown) => unknown, key = ""): unknown {
  if (typeof value !== "object" || value === null) return change(key, value);
  if (Array.isArray(value)) return value.map((item) => walk(item, change, key));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, change, name)]));
}
