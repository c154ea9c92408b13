import { isDeferred, isResolvable } from "./deferred";
import { describe, isPlainObject, NO_SECRET } from "./describe";
import type { Api, ApiObject } from "./field";
import { expected, TEXT, TEXTS, type Codec } from "./scalars";

/** Deeper than any real driver configuration: what is deeper is refused and not followed. */
const DEEPEST = 100;

function mapOf<T>(
  kind: "string-map" | "strings-map",
  element: Codec<T>,
  example: string,
): Codec<Readonly<Record<string, T>>> {
  return {
    kind,
    wrong(value) {
      if (!isPlainObject(value)) return expected(kind, value, example);
      for (const key of Object.keys(value)) {
        const wrong = element.wrong(value[key]);
        if (wrong !== undefined && !isDeferred(value[key])) return `"${key}": ${wrong}`;
      }
      return undefined;
    },
    toJson: (value) => sorted(value, (item) => item),
    fromJson(json) {
      if (!isPlainObject(json)) return undefined;
      const values = Object.keys(json).map((key) => element.fromJson(json[key]));
      return values.includes(undefined) ? undefined : (json as Record<string, T>);
    },
  };
}

/** Maps are rendered in the order of their keys, so that two ways to write one give one text. */
function sorted<T>(map: Readonly<Record<string, T>>, each: (value: T) => Api): ApiObject {
  const out: ApiObject = {};
  for (const key of Object.keys(map).sort()) define(out, key, each(map[key] as T));
  return out;
}

/** Sets a key as data, also where it is called `__proto__`. */
export function define(out: ApiObject, key: string, value: Api): void {
  if (key === "__proto__")
    Object.defineProperty(out, key, { value, enumerable: true, writable: true, configurable: true });
  else out[key] = value;
}

export const TEXT_MAP = mapOf("string-map", TEXT, 'an object such as { KEY: "value" }');
export const TEXTS_MAP = mapOf("strings-map", TEXTS, 'an object such as { key: ["value"] }');

/** A value of any depth made of JSON's own kinds, such as a driver's configuration. */
export const ANY_MAP: Codec<Readonly<Record<string, unknown>>> = {
  kind: "any-map",
  wrong: (value) =>
    isPlainObject(value) ? whyNotPlain(value, "", 0) : expected("any-map", value, "an object such as { key: 1 }"),
  toJson: (value) => plain(value) as Record<string, unknown>,
  fromJson: (json) => (isPlainObject(json) ? json : undefined),
};

/** Why a value cannot be written as JSON, or undefined. Cycles end at the deepest level. */
export function whyNotPlain(value: unknown, path: string, depth: number): string | undefined {
  const where = path === "" ? "" : `${path}: `;
  if (depth > DEEPEST) return `${where.slice(0, 60)}nested more than ${DEEPEST} deep, or in a cycle; flatten it`;
  if (value === null || value === undefined || typeof value === "boolean" || isDeferred(value)) return undefined;
  if (typeof value === "number")
    return Number.isFinite(value) ? undefined : `${where}${value} has no JSON; write a finite number`;
  if (typeof value === "string") {
    const wrong = TEXT.wrong(value);
    return wrong === undefined ? undefined : where + wrong;
  }
  if (Array.isArray(value)) return first(value.entries(), path, depth);
  if (isPlainObject(value)) return first(Object.entries(value), path, depth);
  if (typeof value === "object" && "templateExpression" in value) return `${where}${NO_SECRET}`;
  return `${where}${describe(value)} is no plain data; write texts, numbers, lists and objects`;
}

function first(
  entries: Iterable<readonly [string | number, unknown]>,
  path: string,
  depth: number,
): string | undefined {
  for (const [key, item] of entries) {
    const step = typeof key === "number" ? `[${key}]` : path === "" ? key : `.${key}`;
    const wrong = whyNotPlain(item, path + step, depth + 1);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function plain(value: unknown): Api {
  if (Array.isArray(value)) return value.map(plain);
  if (isResolvable(value) || typeof value !== "object" || value === null) return value;
  const out: ApiObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) define(out, key, plain(item));
  return out;
}
