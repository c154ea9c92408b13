import { isResolvable } from "./deferred";
import { DEEPEST, isPlainObject } from "./describe";
import { define } from "./maps";

/**
 * A copy of a value that nobody can change, however deep: lists and plain objects are copied and frozen, and instances of classes, such as
 * blocks, units and tokens, stay what they are. What is deeper than anything that is rendered stays as it is, since it is refused anyway.
 */
export function frozen(value: unknown): unknown {
  return typeof value === "object" && value !== null ? freezeCopy(value, 0, undefined) : value;
}

/** @param copies what was copied already: data that stands in two places, or in itself, is copied once */
function freezeCopy(value: object, depth: number, copies: Map<object, object> | undefined): unknown {
  if (depth > DEEPEST) return value;
  const known = copies?.get(value);
  if (known) return known;
  if (Array.isArray(value)) {
    const copy: unknown[] = [...(value as unknown[])];
    for (let index = 0; index < copy.length; index += 1) {
      const item = copy[index];
      if (typeof item !== "object" || item === null) continue;
      copies = (copies ?? new Map<object, object>()).set(value, copy);
      copy[index] = freezeCopy(item, depth + 1, copies);
    }
    return Object.freeze(copy);
  }
  if (!isPlainObject(value) || isResolvable(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (typeof item !== "object" || item === null) {
      define(copy, key, item);
      continue;
    }
    copies = (copies ?? new Map<object, object>()).set(value, copy);
    define(copy, key, freezeCopy(item, depth + 1, copies));
  }
  return Object.freeze(copy);
}
