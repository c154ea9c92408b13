import { isPlainObject } from "./describe";
import type { Api, ApiObject } from "./field";

/** What stands under a key that only a server writes; `any` where no Nomad of today reads it. */
export type ServerValue = "text" | "int" | "index" | "bool" | "map" | "any";

/** The same JSON with each key in the case in which the API writes it; of two that differ in case alone, the last counts. */
export function withKnownKeys(json: ApiObject, keysInLowerCase: ReadonlyMap<string, string>): ApiObject {
  const out = Object.create(null) as ApiObject;
  for (const [key, value] of Object.entries(json)) {
    const known = keysInLowerCase.get(key.toLowerCase()) ?? key;
    if (value !== null || out[known] === undefined) out[known] = value;
  }
  return out;
}

/** The kinds in words. */
export const SERVER_VALUES: Readonly<Record<ServerValue, string>> = {
  text: "a text",
  int: "a whole number",
  index: "a whole number, 0 or more",
  bool: "true or false",
  map: "a map of texts",
  any: "anything",
};

/** Whether a value is of the kind that a server writes. */
export function isServerValue(value: Api, kind: ServerValue): boolean {
  if (kind === "any") return true;
  if (kind === "int" || kind === "index")
    return (
      typeof value === "number" &&
      Number.isInteger(value) &&
      Math.abs(value) < 2 ** 64 &&
      (kind === "int" || value >= 0)
    );
  if (kind === "map")
    return isPlainObject(value) && Object.values(value).every((item) => item === null || typeof item === "string");
  return typeof value === (kind === "text" ? "string" : "boolean");
}
