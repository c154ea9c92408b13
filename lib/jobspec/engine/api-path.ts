import type { Path, PathStep } from "../../errors";
import { Block, definitionOf } from "./block";

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
 * The way to the path of a problem, such as that of `groups[web].tasks[app].resources.cpu`. What the block does not hold is
 * left out at the end: the way to a missing field ends at its block.
 */
export function wayTo(block: Block, path: Path): Way {
  const found: Found = { path: [], blocks: [] };
  follow(block, path, found);
  return found;
}

/** Where the path of a problem is in the API JSON of the block. */
export function apiPathOf(block: Block, path: Path): ApiPath {
  return wayTo(block, path).path;
}

function follow(block: Block, [property, ...rest]: Path, found: Found): void {
  found.blocks.push(block);
  const of = typeof property === "string" ? definitionOf(block).byName.get(property) : undefined;
  if (!of) return;
  const { api, kind, element: elementAt } = of.field;
  const value = (block as unknown as Record<string, unknown>)[of.name];
  if (value === undefined) return;
  if (value instanceof Block) {
    found.path.push(of.api);
    follow(value, rest, found);
  } else if (Array.isArray(value)) {
    const [element, ...inside] = rest;
    const index = indexOf(element);
    const item: unknown = index === undefined ? undefined : value[index];
    if (index === undefined || item === undefined) {
      found.path.push(of.api);
      return;
    }
    if (elementAt) found.path.push(...elementAt(value, index));
    else found.path.push(of.api, kind === "block-map" && item instanceof Block ? item.mapKey : index);
    if (item instanceof Block) follow(item, inside, found);
  } else {
    found.path.push(api[api.length - 1] as string);
  }
}

function indexOf(step: PathStep | undefined): number | undefined {
  return typeof step === "object" && "index" in step ? step.index : undefined;
}
