import { UserError } from "../../errors";
import { describe, isKnown, type Resolvable } from "../engine";

/**
 * Two maps as one.
 *
 * @throws UserError where what is added is no map, and for a key of both with two values, since nobody could say which was meant
 */
export function mergeNew(
  where: string,
  before: Readonly<Record<string, string>> | undefined,
  added: Readonly<Record<string, string | Resolvable>>,
): Record<string, string | Resolvable> {
  if (typeof added !== "object" || added === null || Array.isArray(added))
    throw UserError.at(
      where,
      `expected texts by their keys, found ${describe(added)}; write { KEY: "value" }`,
      "field/type",
    );
  for (const key of Object.keys(added)) {
    if (before && Object.hasOwn(before, key) && before[key] !== added[key]) {
      const to = isKnown(before[key]) ? `"${before[key]}"` : "a token";
      throw UserError.at([where, key], `is set already, to ${to}; remove one of the two`, "field/duplicate");
    }
  }
  return { ...before, ...added };
}
