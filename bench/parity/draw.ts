import type { BlockDefinition, FieldKind } from "../../lib/jobspec/engine";
import { Job } from "../../lib/jobspec";
import { definitionOf, type Block } from "../../lib/jobspec/engine";

/** JSON of a job. */
export type Json = Record<string, unknown>;

/** One change to a job: what is put where. */
export interface Mutation {
  /** What kind of change it is, for the counts. */
  readonly kind: string;
  readonly block: string;
  readonly field: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** A random number from a seed (mulberry32): the same seed draws the same changes. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const SECOND = 1e9;
const TEXTS = [
  "",
  "bogus value!",
  "${bad",
  "a/b",
  "nope",
  "../../../x",
  "UPPER",
  "a.b",
  "default",
  "9",
  "0",
  "é",
  "${meta.x}",
  "${NOMAD_JOB_NAME}-x",
  "a b",
];
const NUMBERS = [-2147483649, -2, -1, 0, 1, 2, 5, 50, 101, 65536, 70000, 100000, 2147483647];
const DURATIONS = [-SECOND, 0, 1, SECOND, 3 * SECOND, 20 * SECOND, 3600 * SECOND, 100 * 3600 * SECOND];

const VALUES: Partial<Record<FieldKind, readonly unknown[]>> = {
  string: TEXTS,
  int: NUMBERS,
  mebibytes: NUMBERS,
  duration: DURATIONS,
  bool: [true, false],
  strings: [[], [""], ["a", "a"], ["nope"], [null], null],
  numbers: [[], [1], [-1], [70000], [null], null],
  "string-map": [{}, { a: "b" }, { "a;b": "c" }, { a: null }, null],
  "strings-map": [{}, { a: ["b"] }, { a: null }, null],
  "any-map": [{}, { a: 1 }, { a: null }, null],
  block: [null, {}],
  blocks: [null, [], [{}], [null]],
  "block-map": [null, {}, { x: {} }, { x: null }],
};

/** Values that are hardly of the kind of a field: what a server reads strictly. */
const OF_OTHER_KINDS: readonly unknown[] = [
  5,
  -1,
  1.5,
  1e30,
  "x",
  "30s",
  "5",
  true,
  [],
  [5],
  ["a"],
  {},
  { a: 1 },
  [{}],
];

/** A place in a job where a field stands or may stand. */
interface Site {
  readonly block: string;
  readonly field: string;
  readonly kind: FieldKind;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly isSet: boolean;
  readonly values: readonly unknown[];
}

/** Every field of each block in a job, also those that are not set. */
export function sitesOf(job: Json): readonly Site[] {
  const found: Site[] = [];
  visit(job, definitionOf(Job), [], found);
  return found;
}

function visit(json: Json, definition: BlockDefinition, path: readonly (string | number)[], found: Site[]): void {
  for (const { field } of definition.list) {
    for (const api of field.api) {
      const at = [...path, api];
      const value = json[api];
      const kind = kindOf(field.kind, api);
      const values = [...(VALUES[kind] ?? []), ...(field.values ?? [])];
      const isSet = value !== undefined && value !== null;
      found.push({ block: definition.api, field: api, kind, path: at, value, isSet, values });
      if (field.of) inside(value, definitionOf(field.of() as new () => Block), at, found);
    }
  }
}

function inside(value: unknown, definition: BlockDefinition, at: readonly (string | number)[], found: Site[]): void {
  if (typeof value !== "object" || value === null) return;
  const isMany =
    Array.isArray(value) ||
    Object.values(value).every((item) => typeof item === "object" && item !== null && "Name" in item);
  if (!isMany || Object.keys(value).length === 0) visit(value as Json, definition, at, found);
  else
    for (const [key, item] of Object.entries(value))
      if (typeof item === "object" && item !== null)
        visit(item as Json, definition, [...at, Array.isArray(value) ? Number(key) : key], found);
}

/** Fields that stand for two keys have a kind of their own; what their keys hold is told by their names. */
function kindOf(kind: FieldKind, api: string): FieldKind {
  if (kind !== "special") return kind;
  if (api === "CPU" || api === "Cores") return "int";
  if (api === "Driver") return "string";
  return api === "Config" ? "any-map" : "blocks";
}

/** The values that stand in real jobs, by block and field: what is grafted from one job into another. */
export type Grafts = ReadonlyMap<string, readonly unknown[]>;

/** Collects what may be grafted. */
export function graftsOf(jobs: Iterable<readonly Site[]>): Grafts {
  const grafts = new Map<string, unknown[]>();
  for (const sites of jobs)
    for (const { block, field, value, isSet } of sites) {
      if (!isSet) continue;
      const key = `${block}.${field}`;
      const values = grafts.get(key) ?? [];
      values.push(value);
      grafts.set(key, values);
    }
  return grafts;
}

type Pick = <T>(values: readonly T[]) => T | undefined;

/** The kinds of changes; each gives what to put in the place of a field's value, or nothing where it has no meaning there. */
const KINDS: Readonly<
  Record<string, (site: Site, pick: Pick, grafts: Grafts) => { readonly value: unknown } | undefined>
> = {
  set: ({ isSet, values }, pick) => (isSet && values.length > 0 ? { value: pick(values) } : undefined),
  "set-absent": ({ isSet, values }, pick) => (!isSet && values.length > 0 ? { value: pick(values) } : undefined),
  delete: ({ isSet }) => (isSet ? { value: undefined } : undefined),
  graft: ({ block, field }, pick, grafts) => {
    const values = grafts.get(`${block}.${field}`);
    return values ? { value: pick(values) } : undefined;
  },
  "wrong-type": (_site, pick) => ({ value: pick(OF_OTHER_KINDS) }),
  "null-element": ({ value }, pick) => {
    if (Array.isArray(value)) return { value: pick([[null], [...(value as unknown[]), null]]) };
    const isMap = typeof value === "object" && value !== null;
    return isMap ? { value: { ...value, zz: null } } : undefined;
  },
  "double-element": ({ value }, pick) => {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    const one = pick(value as unknown[]);
    const isNamed = typeof one === "object" && one !== null && "Name" in one;
    return { value: [...(value as unknown[]), isNamed ? pick([one, { ...one, Name: "another" }]) : one] };
  },
  "drop-element": ({ value }, pick) => {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    const one = pick(value as unknown[]);
    return { value: (value as unknown[]).filter((item) => item !== one) };
  },
};

/** Draws one change; nothing where what was drawn fits nowhere. */
export function draw(sites: readonly Site[], grafts: Grafts, random: () => number): Mutation | undefined {
  const pick: Pick = (values) => values[Math.floor(random() * values.length)];
  const site = pick(sites);
  const kind = pick([...Object.keys(KINDS), "set", "set", "set-absent", "graft", "graft", "key-case", "unknown-key"]);
  if (!site || kind === undefined) return undefined;
  const { block, field, path } = site;
  if (kind === "key-case" || kind === "unknown-key") {
    const name = kind === "key-case" ? (pick([field.toLowerCase(), field.toUpperCase()]) as string) : "Bogus";
    return { kind, block, field, path: [...path.slice(0, -1), name], value: site.value };
  }
  const change = KINDS[kind]?.(site, pick, grafts);
  return change && { kind, block, field, path, value: change.value };
}

/** The job with the change made. */
export function mutate(job: Json, { kind, field, path, value }: Mutation): Json {
  const changed = structuredClone(job);
  let place = changed as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string | number, unknown>;
  if (kind === "key-case") delete place[field];
  const last = path[path.length - 1] as string | number;
  if (value === undefined && !Array.isArray(place)) delete place[last];
  else place[last] = structuredClone(value);
  return changed;
}
