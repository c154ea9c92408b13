import type { Path } from "../../errors";
import { Block, eachProperty, replaceValues } from "./block";
import { isKnown } from "./deferred";
import { isPlainObject } from "./describe";
import type { Field } from "./field";

/** A value that is known only at deploy time, where it stands. */
export interface Unknown {
  readonly field: Field;
  readonly value: unknown;
  /** Whether it is the field's whole value, and not an element of its list or map. */
  readonly whole: boolean;
}

/** What holds a block and is none, as a driver holds its configuration. */
interface Holder {
  readonly config: unknown;
}

/** The paths of everything in a block that is known only at deploy time. */
export function unknownPlaces(block: Block): readonly Path[] {
  const found: Path[] = [];
  const visit = (value: unknown, steps: Path): void => {
    if (typeof value === "object" && value !== null && isKnown(value)) inside(value, steps);
    else if (!isKnown(value)) found.push(steps);
  };
  const inside = (value: object, steps: Path): void => {
    if (value instanceof Block) eachProperty(value, (name, item) => visit(item, [...steps, name]));
    else if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...steps, { index }]));
    else if (isPlainObject(value)) {
      for (const [key, item] of Object.entries(value)) visit(isKnown(key) ? item : key, [...steps, key]);
    } else if ("config" in value) visit((value as Holder).config, steps);
  };
  visit(block, []);
  return found;
}

/** The same block with something else in the place of everything that is known only at deploy time, but for free-form data. */
export function withoutUnknowns<T extends Block>(block: T, choose: (unknown: Unknown) => unknown): T {
  return replaceValues(block, (field, value) => replaced(field, value, choose));
}

function replaced(field: Field, value: unknown, choose: (unknown: Unknown) => unknown): unknown {
  if (value instanceof Block) return withoutUnknowns(value, choose);
  if (!isKnown(value)) return choose({ field, value, whole: true });
  if (field.kind === "any-map") return value;
  const element = (item: unknown): unknown =>
    item instanceof Block
      ? withoutUnknowns(item, choose)
      : isKnown(item)
        ? listed(item, element)
        : choose({ field, value: item, whole: false });
  return listed(value, element);
}

/** A list or a map with its elements replaced; itself where none is. */
function listed(value: unknown, replace: (item: unknown) => unknown): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value.map(replace);
    return items.some((item, index) => item !== value[index]) ? Object.freeze(items) : value;
  }
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, replace(item)] as const);
  return entries.some(([key, item]) => item !== value[key]) ? Object.freeze(Object.fromEntries(entries)) : value;
}
