import { Job } from "../../jobspec";
import { matchSource, readSource, type SourceBlock } from "../../hcl-source";
import { definitionOf, nameInHcl, snakeCase, type Field } from "../../jobspec/host";

/**
 * API JSON of a job with the keys of its maps in one order for all runs: that of the HCL which it was read from where that is known, else
 * that of the alphabet. Nomad's own order is another with each answer.
 */
export function inSourceOrder(json: unknown, hcl: string): unknown {
  const sorted = withSortedKeys(json);
  const { job } = Job.read(sorted);
  if (!job || !isObject(sorted)) return sorted;
  const found = matchSource(job, readSource(hcl));
  orderBlock(job, isObject(sorted.Job) ? sorted.Job : sorted, found);
  return sorted;
}

type Json = Record<string, unknown>;
type Model = Parameters<typeof matchSource>[0];
type Found = ReturnType<typeof matchSource>;

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, withSortedKeys(value[key])]));
}

/** Orders the maps of a block and of the blocks in it. */
function orderBlock(block: Model, json: Json, found: Found): void {
  const source = found.get(block);
  for (const { name, field } of definitionOf(block).list) {
    const held = (block as unknown as Json)[name];
    if (held === undefined || held === null) continue;
    if (field.of) orderBlocks(field, Array.isArray(held) ? held : [held], json, found);
    else if (source) orderMap(field, name, json, source);
  }
}

function orderBlocks(field: Field, held: readonly unknown[], json: Json, found: Found): void {
  for (const [index, child] of held.entries()) {
    const block = child as Model & { readonly mapKey: string };
    const api = field.api[0] as string;
    const own = field.kind === "block" ? [api] : [api, field.kind === "block-map" ? block.mapKey : index];
    const inside = (field.element?.(held, index) ?? own).reduce<unknown>(
      (at, step) => (typeof at === "object" && at !== null ? (at as Json)[step] : undefined),
      json,
    );
    if (isObject(inside)) orderBlock(block, inside, found);
  }
}

function orderMap(field: Field, name: string, json: Json, source: SourceBlock): void {
  const key = field.api[field.api.length - 1] as string;
  // A task's driver and its configuration are one property.
  const hcl = key === "Config" ? "config" : nameInHcl(name, field) || snakeCase(name);
  const written = source.children.filter((child) => child.name === hcl);
  if (written.length === 1 && isObject(json[key])) json[key] = ordered(json[key], written[0] as SourceBlock);
}

function ordered(map: Json, source: SourceBlock): Json {
  const lines = new Map([...source.attributes].map(([name, { line }]) => [name, line]));
  for (const { name, line } of source.children) if (!lines.has(name)) lines.set(name, line);
  const at = (key: string) => lines.get(key) ?? Infinity;
  const keys = Object.keys(map).sort((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)));
  return Object.fromEntries(
    keys.map((key) => {
      const inside = map[key];
      const written = source.children.filter(({ name }) => name === key);
      const list = Array.isArray(inside) ? (inside as readonly unknown[]) : undefined;
      if (list?.length === written.length)
        return [key, list.map((item, index) => (isObject(item) ? ordered(item, written[index] as SourceBlock) : item))];
      return [key, written.length === 1 && isObject(inside) ? ordered(inside, written[0] as SourceBlock) : inside];
    }),
  );
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
