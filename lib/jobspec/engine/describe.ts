/** A value in words, short enough for a message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (typeof value === "string") return value.length > 40 ? `"${value.slice(0, 37)}..."` : JSON.stringify(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object")
    return value.constructor?.name && value.constructor !== Object ? withArticle(value.constructor.name) : "an object";
  if (typeof value === "function") return "a function";
  return String(value);
}

/** Whether a value has properties of its own: a text or a list has one for each letter or element, and none is meant. */
export function isKeyed(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A noun with its indefinite article: `a task`, `an update`, and `a ui`, which begins as `you` does. */
export function withArticle(noun: string): string {
  return `${/^(?:[aeio]|up)/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** Whether this is an object made of keys and values, and no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Deeper than any real driver configuration: what is deeper is refused and not followed. */
export const DEEPEST = 100;

/** What to say of JSON that {@link isTooDeep}. */
export const TOO_DEEP = `is nested more than ${DEEPEST} deep; flatten it`;

/** Whether JSON is nested deeper than anything that is read, rendered or judged. */
export function isTooDeep(json: unknown, levels = DEEPEST): boolean {
  if (typeof json !== "object" || json === null) return false;
  return levels === 0 || Object.values(json).some((item) => isTooDeep(item, levels - 1));
}

/** What stands in a text that was made of a secret. */
export const SECRET_MARK = "\u{1F512}secret[";

/** Whether a text was made of a secret, which nothing but a template may write. */
export function holdsSecret(text: string): boolean {
  return text.includes(SECRET_MARK);
}

/** What to do about it. */
export const NO_SECRET =
  "holds a secret, which would be written in plain; give it to a task with withSecretEnv({ NAME: secret })";

/** Whether a value is the empty one of its kind: 0, false, "", an empty list or map, a unit of 0. */
export function isEmptyValue(held: unknown): boolean {
  if (held === "" || held === 0 || held === false) return true;
  if (Array.isArray(held)) return held.length === 0;
  if (isPlainObject(held)) return Object.keys(held).length === 0;
  if (typeof held !== "object" || held === null || "toApi" in held || !("toJSON" in held)) return false;
  return (held as { toJSON(): unknown }).toJSON() === 0;
}
