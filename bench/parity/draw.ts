import type { BlockDefinition, FieldKind } from "../../lib/jobspec/engine";
import { Job } from "../../lib/jobspec";
import { definitionOf, type Block } from "../../lib/jobspec/engine";

/** JSON of a job. */
export type Json = Record<string, unknown>;

/** One change to a job: what is put where. */
export interface Mutation {
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
  "é",
  "${meta.x}",
];
const NUMBERS = [-1, 0, 1, 2, 50, 101, 70000, 100000];
const DURATIONS = [-SECOND, 0, 1, SECOND, 20 * SECOND, 3600 * SECOND, 100 * 3600 * SECOND];

const VALUES: Partial<Record<FieldKind, readonly unknown[]>> = {
  string: TEXTS,
  int: NUMBERS,
  mebibytes: NUMBERS,
  duration: DURATIONS,
  bool: [true, false],
  strings: [[], [""], ["a", "a"], ["nope"], null],
  numbers: [[], [1], null],
  "string-map": [{}, { a: "b" }, { "a;b": "c" }, null],
  "strings-map": [{}, { a: ["b"] }, null],
  "any-map": [{}, { a: 1 }, null],
  block: [null, {}],
  blocks: [null, [], [{}]],
  "block-map": [null, {}, { x: {} }],
};

interface Site {
  readonly block: string;
  readonly field: string;
  readonly path: readonly (string | number)[];
  readonly values: readonly unknown[];
}

/** Every change that may be made to a job: to each field of each block in it, also to those that are not set. */
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
      const values = [...(VALUES[kindOf(field.kind, api)] ?? []), ...(field.values ?? [])];
      // A list of two of the same is what duplicates are found by.
      if (Array.isArray(value) && value.length > 0) values.push([...(value as unknown[]), value[0] as unknown]);
      found.push({ block: definition.api, field: api, path: at, values });
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
      visit(item as Json, definition, [...at, Array.isArray(value) ? Number(key) : key], found);
}

/** Fields that stand for two keys have a kind of their own; what their keys hold is told by their names. */
function kindOf(kind: FieldKind, api: string): FieldKind {
  if (kind !== "special") return kind;
  if (api === "CPU" || api === "Cores") return "int";
  if (api === "Driver") return "string";
  return api === "Config" ? "any-map" : "blocks";
}

/** Draws one change. */
export function draw(sites: readonly Site[], random: () => number): Mutation | undefined {
  const site = sites[Math.floor(random() * sites.length)];
  if (!site || site.values.length === 0) return undefined;
  const value = site.values[Math.floor(random() * site.values.length)];
  return { block: site.block, field: site.field, path: site.path, value };
}

/** The job with the change made. */
export function mutate(job: Json, { path, value }: Mutation): Json {
  const changed = structuredClone(job);
  let place = changed as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string | number, unknown>;
  place[path[path.length - 1] as string | number] = value;
  return changed;
}
