import { UserError } from "../../errors";

/**
 * Refuses what is no object in the place of a constructor's properties, which may come from JSON and be of any kind.
 *
 * @param place whose properties they are
 * @throws UserError where they are no object
 */
export function checkProps(props: object, place: string): void {
  const given: unknown = props;
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  const found = given === null ? "null" : Array.isArray(given) ? "a list" : `a ${typeof given}`;
  throw UserError.at(
    place,
    `expected its properties as an object, found ${found}; write { name: value }`,
    "field/type",
  );
}
