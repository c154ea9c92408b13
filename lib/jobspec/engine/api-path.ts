import { Block, definitionOf } from "./block";
import { keyOf } from "./fields";

/** Where something is inside API JSON: keys and indexes. */
export type ApiPath = readonly (string | number)[];

/** What lies on the way from a block to a place inside it. */
export interface Way {
  /** Where it is in the block's API JSON. */
  readonly path: ApiPath;
  /** The blocks on the way, the outermost first. */
  readonly blocks: readonly Block[];
}

interface Found {
  readonly path: (string | number)[];
  readonly blocks: Block[];
}

/**
 * The way to the place of a problem, such as `groups[web].tasks[app].resources.cpu`. What the block does not hold is
 * left out at the end: the way to a missing field ends at its block.
 */
export function wayTo(block: Block, place: string): Way {
  const found: Found = { path: [], blocks: [] };
  follow(block, place, found);
  return found;
}

/** Where the place of a problem is in the API JSON of the block. */
export function apiPathOf(block: Block, place: string): ApiPath {
  return wayTo(block, place).path;
}

function follow(block: Block, place: string, found: Found): void {
  found.blocks.push(block);
  const [, name = "", rest = ""] = /^\.?([^.[]+)(.*)$/s.exec(place) ?? [];
  const of = definitionOf(block).byName.get(name);
  if (!of) return;
  const { api, kind, element: elementAt } = of.field;
  const value = (block as unknown as Record<string, unknown>)[name];
  if (value === undefined) return;
  if (value instanceof Block) {
    found.path.push(of.api);
    follow(value, rest, found);
  } else if (Array.isArray(value)) {
    const index = indexOf(value as readonly unknown[], rest);
    if (index === undefined) {
      found.path.push(of.api);
      return;
    }
    const item: unknown = value[index];
    if (elementAt) found.path.push(...elementAt(value, index));
    else found.path.push(of.api, kind === "block-map" && item instanceof Block ? item.mapKey : index);
    if (item instanceof Block) follow(item, rest.slice(labelOf(item, index).length), found);
  } else {
    found.path.push(api[api.length - 1] as string);
  }
}

/** The element that a place goes on with. Keys may hold dots and brackets themselves, so they are compared and not parsed. */
function indexOf(list: readonly unknown[], rest: string): number | undefined {
  const index = list.findIndex((item, at) => rest.startsWith(labelOf(item, at)));
  return index < 0 ? undefined : index;
}

function labelOf(item: unknown, index: number): string {
  return `[${keyOf(item) ?? index}]`;
}
