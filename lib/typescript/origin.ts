import {
  readExpression,
  type Comment,
  type Expression,
  type Range,
  type SourceAttribute,
  type SourceBlock,
} from "../hcl-source";

/** How a value was written: as an expression, or as blocks. */
export type Origin =
  | { readonly kind: "expression"; readonly expression: Expression; readonly range: Range }
  | { readonly kind: "blocks"; readonly blocks: readonly SourceBlock[] };

/** Something that was written, with the comments of its own. */
export interface Found {
  readonly origin: Origin | undefined;
  readonly before: readonly Comment[];
  readonly after: readonly Comment[];
  /** The parts of the text that it takes. */
  readonly ranges: readonly Range[];
}

/** What was written under a name in a block. */
export function foundIn(text: string, source: SourceBlock | undefined, name: string): Found | undefined {
  const attribute = source?.attributes.get(name);
  if (attribute) return ofAttribute(text, attribute);
  const blocks = source?.children.filter((child) => child.name === name && child.labels.length === 0) ?? [];
  return blocks.length > 0 ? ofBlocks(blocks) : undefined;
}

function ofAttribute(text: string, { value, before, after, start, end }: SourceAttribute): Found {
  const origin: Origin = { kind: "expression", expression: readExpression(text, value), range: value };
  return { origin, before, after, ranges: [{ start, end }] };
}

/** Blocks of one name. */
export function ofBlocks(blocks: readonly SourceBlock[]): Found {
  return {
    origin: { kind: "blocks", blocks },
    before: blocks.flatMap(({ before }) => before),
    after: blocks.flatMap(({ after }) => after),
    ranges: blocks,
  };
}

/** What was written for a key of an object. */
export function entryOf(text: string, origin: Origin | undefined, key: string): Found | undefined {
  if (origin?.kind === "blocks") return origin.blocks.length === 1 ? foundIn(text, origin.blocks[0], key) : undefined;
  const object = onlyElement(origin);
  if (object?.kind !== "object") return undefined;
  const entry = object.items.find((item) => item.key === key);
  return entry && found(entry);
}

/** What was written for an element of a list of so many. */
export function itemOf(origin: Origin | undefined, index: number, length: number): Found | undefined {
  if (origin?.kind === "blocks") {
    const block = origin.blocks.length === length ? origin.blocks[index] : undefined;
    return block && ofBlocks([block]);
  }
  const list = origin?.expression;
  const item = list?.kind === "list" && list.items.length === length ? list.items[index] : undefined;
  return item && found(item);
}

/** Comments behind the last element of a list or an object. */
export function insideOf(origin: Origin | undefined): readonly Comment[] {
  const expression = origin?.kind === "expression" ? origin.expression : undefined;
  return expression?.kind === "list" || expression?.kind === "object" ? expression.inside : [];
}

/** An object, also where it is the only element of a list, as a driver takes either. */
function onlyElement(origin: Origin | undefined): Expression | undefined {
  if (origin?.kind !== "expression") return undefined;
  const { expression } = origin;
  return expression.kind === "list" && expression.items.length === 1 ? expression.items[0]?.value : expression;
}

function found({
  value,
  before,
  after,
  start,
  end,
}: {
  readonly value: Expression;
  readonly before: readonly Comment[];
  readonly after: readonly Comment[];
  readonly start: number;
  readonly end: number;
}): Found {
  const range = { start, end };
  return { origin: { kind: "expression", expression: value, range }, before, after, ranges: [range] };
}
