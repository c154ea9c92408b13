import { UserError } from "../../errors";

/** Two maps as one; a key of both is an error, since nobody could say which was meant. */
export function mergeNew(
  where: string,
  before: Readonly<Record<string, string>> | undefined,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  for (const key of Object.keys(added)) {
    if (before && Object.hasOwn(before, key) && before[key] !== added[key]) {
      throw UserError.at([where, key], `is set already, to "${before[key]}"; remove one of the two`, "field/duplicate");
    }
  }
  return { ...before, ...added };
}
