import { isDeferred, isResolvable } from "./deferred";
import { DEEPEST, describe, isPlainObject, isTooDeep, NO_SECRET } from "./describe";
import type { Api, ApiObject, Codec } from "./field";
import { expected, TEXT, TEXTS } from "./scalars";

/** Of the way to what is wrong, as much is shown: in a cycle it says nothing more. */
const LONGEST_WAY = 60;

/** A map; a server reads a null in it as the empty value of its kind. */
function mapOf<T>(
  kind: "string-map" | "strings-map",
  element: Codec<T>,
  empty: T,
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
      const filled = Object.values(json).includes(null) ? withoutNulls(json, empty) : json;
      const values = Object.keys(filled).map((key) => element.fromJson(filled[key]));
      return values.includes(undefined) ? undefined : (filled as Record<string, T>);
    },
  };
}

function withoutNulls<T>(json: ApiObject, empty: T): ApiObject {
  const out: ApiObject = {};
  for (const key of Object.keys(json)) define(out, key, json[key] ?? empty);
  return out;
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

export const TEXT_MAP = mapOf("string-map", TEXT, "", 'an object such as { KEY: "value" }');
export const TEXTS_MAP = mapOf<readonly string[]>("strings-map", TEXTS, [], 'an object such as { key: ["value"] }');

/** A value of any depth made of JSON's own kinds, such as a driver's configuration. */
export const ANY_MAP: Codec<Readonly<Record<string, unknown>>> = {
  kind: "any-map",
  wrong: (value) =>
    isPlainObject(value) ? whyNotPlain(value) : expected("any-map", value, "an object such as { key: 1 }"),
  toJson: (value) => plain(value) as Record<string, unknown>,
  fromJson: (json) => (isPlainObject(json) && !isTooDeep(json) ? json : undefined),
};

/** What is wrong somewhere inside a value, with the way to it, innermost step first. */
interface Wrong {
  readonly steps: (string | number)[];
  readonly what: string;
}

/** Why a value cannot be written as JSON, or undefined. Cycles end at the deepest level. */
function whyNotPlain(value: unknown): string | undefined {
  const wrong = wrongInside(value, 0);
  if (!wrong) return undefined;
  const way = wrong.steps
    .reverse()
    .map((step, at) => (typeof step === "number" ? `[${step}]` : at > 0 ? `.${step}` : step));
  return way.length === 0 ? wrong.what : `${way.join("").slice(0, LONGEST_WAY)}: ${wrong.what}`;
}

function wrongInside(value: unknown, depth: number): Wrong | undefined {
  if (value === null || value === undefined || typeof value === "boolean") return undefined;
  const what = wrongItself(value, depth);
  if (what !== undefined) return isDeferred(value) ? undefined : { steps: [], what };
  if (typeof value !== "object" || isDeferred(value)) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const wrong = wrongInside(value[index], depth + 1);
      if (wrong) return within(wrong, index);
    }
    return undefined;
  }
  for (const key in value) {
    const wrong = wrongInside((value as ApiObject)[key], depth + 1);
    if (wrong) return within(wrong, key);
  }
  return undefined;
}

function within(wrong: Wrong, step: string | number): Wrong {
  wrong.steps.push(step);
  return wrong;
}

function wrongItself(value: unknown, depth: number): string | undefined {
  if (depth > DEEPEST) return `nested more than ${DEEPEST} deep, or in a cycle; flatten it`;
  if (typeof value === "number")
    return Number.isFinite(value) ? undefined : `${value} has no JSON; write a finite number`;
  if (typeof value === "string") return TEXT.wrong(value);
  if (Array.isArray(value) || isPlainObject(value)) return undefined;
  if (typeof value === "object" && value !== null && "templateExpression" in value) return NO_SECRET;
  return `${describe(value)} is no plain data; write texts, numbers, lists and objects`;
}

/** A copy of JSON, with its tokens as they are. */
export function plain(value: unknown): Api {
  if (Array.isArray(value)) return value.map(plain);
  if (isResolvable(value) || typeof value !== "object" || value === null) return value;
  const out: ApiObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) define(out, key, plain(item));
  return out;
}
