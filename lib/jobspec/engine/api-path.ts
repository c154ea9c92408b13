import { Block, definitionOf } from "./block";
import { keyOf } from "./fields";

/** Where something is inside API JSON: keys and indexes. */
export type ApiPath = readonly (string | number)[];

/**
 * Where the place of a problem, such as `groups[web].tasks[app].resources.cpu`, is in the API JSON of the block. What the
 * JSON does not hold is left out at the end: the place of a missing field is its block's.
 */
export function apiPathOf(block: Block, place: string): ApiPath {
  const found: (string | number)[] = [];
  follow(block, place, found);
  return found;
}

function follow(block: Block, place: string, found: (string | number)[]): void {
  const [, name = "", rest = ""] = /^\.?([^.[]+)(.*)$/s.exec(place) ?? [];
  const of = definitionOf(block).byName.get(name);
  if (!of) return;
  const api = of.field.api[of.field.api.length - 1] as string;
  const value = (block as unknown as Record<string, unknown>)[name];
  if (value === undefined) return;
  found.push(api);
  if (value instanceof Block) follow(value, rest, found);
  else if (Array.isArray(value)) element(value as readonly unknown[], of.field.kind === "block-map", rest, found);
}

function element(list: readonly unknown[], byName: boolean, rest: string, found: (string | number)[]): void {
  for (const [index, item] of list.entries()) {
    // Keys may hold dots and brackets themselves, so they are compared and not parsed.
    const label = `[${keyOf(item) ?? index}]`;
    if (!rest.startsWith(label)) continue;
    found.push(byName && item instanceof Block ? item.mapKey : index);
    if (item instanceof Block) follow(item, rest.slice(label.length), found);
    return;
  }
}
