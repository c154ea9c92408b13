import { isDeferred, type Resolvable } from "./deferred";
import { describe, holdsSecret, isTooDeep, NO_SECRET, TOO_DEEP } from "./describe";
import type { ApiObject, Codec, Field, FieldKind, FieldOptions } from "./field";
import { UserError } from "../../errors";
import type { Fault } from "./fault";

/** Limits that a field sets to its values; messages are made from them. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

/** A field that owns one API key and holds one value of a codec. */
export function scalar<T, R extends boolean>(
  api: string,
  codec: Codec<T>,
  options: FieldOptions,
  judge?: (value: T) => string | undefined,
): Field<T | Resolvable, T, R, never> {
  const own = options.judgedByRule === true ? undefined : judge;
  const fault = (value: T): Fault | undefined => {
    const wrong = codec.wrong(value);
    if (wrong !== undefined) return isDeferred(value) ? undefined : { rule: "field/type", message: wrong };
    const bad = own?.(value);
    if (bad === undefined || isDeferred(value)) return undefined;
    return options.lenient
      ? { rule: "field/senseless", message: bad, severity: "warning" }
      : { rule: "field/range", message: bad };
  };
  return {
    kind: codec.kind,
    api: [api],
    required: (options.required ?? false) as R,
    options,
    codec,
    ...(judge ? { judge } : {}),
    encode(value: T, out: ApiObject) {
      const wrong = codec.wrong(value);
      if (wrong === undefined) out[api] = codec.toJson(value);
      else if (isDeferred(value)) out[api] = value;
      else throw UserError.at("", wrong, "field/type");
    },
    decode(json, at) {
      const found = json[api];
      if (found === undefined || found === null) return undefined;
      const value = codec.fromJson(found);
      if (value === undefined && isTooDeep(found)) at.error("import/depth", TOO_DEEP);
      else if (value === undefined)
        at.error("import/type", `expected ${kindInWords(codec.kind)}, found ${describe(found)}`);
      else if (typeof found === "string" && !found.isWellFormed()) at.error("field/type", HALF_A_PAIR);
      return value;
    },
    fault,
    check(value, at) {
      const found = fault(value);
      if (found) at.report(found);
    },
  };
}

const NAMES: Partial<Record<FieldKind, string>> = {
  string: "a text",
  int: "a whole number",
  bool: "true or false",
  duration: "a duration",
  mebibytes: "a size in MiB",
  strings: "a list of texts",
  numbers: "a list of whole numbers",
  "string-map": "a map of texts",
  "strings-map": "a map of lists of texts",
  "any-map": "an object",
};

/** A kind in words. */
function kindInWords(kind: FieldKind): string {
  return NAMES[kind] ?? kind;
}

/** Refuses a value with what was expected and found, and what to write. */
export function expected(kind: FieldKind, value: unknown, write: string): string {
  return `expected ${kindInWords(kind)}, found ${describe(value)}; write ${write}`;
}

/** A judge for numbers inside limits. */
export function within(limits: Limits, unit = ""): ((value: number) => string | undefined) | undefined {
  const { min, max } = limits;
  if (min === undefined && max === undefined) return undefined;
  return (value) => {
    const range =
      max === undefined
        ? `${min}${unit} or more`
        : min === undefined
          ? `at most ${max}${unit}`
          : `${min} to ${max}${unit}`;
    if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
      return `${value}${unit} is out of range; write ${range}`;
    }
    return undefined;
  };
}

/** Whether this is a secret itself, which renders as a text that holds one. */
function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && "templateExpression" in value;
}

const HALF_A_PAIR = "the text holds half a surrogate pair; remove it";

export const TEXT: Codec<string> = {
  kind: "string",
  plain: true,
  wrong(value) {
    if (typeof value !== "string") return isSecret(value) ? NO_SECRET : expected("string", value, "it in quotes");
    if (holdsSecret(value)) return NO_SECRET;
    // Half a pair cannot be written as UTF-8; a server would get another text.
    return value.isWellFormed() ? undefined : HALF_A_PAIR;
  },
  toJson: (value) => value,
  fromJson: (json) => (typeof json === "string" ? json : undefined),
};

export const BOOL: Codec<boolean> = {
  kind: "bool",
  plain: true,
  wrong: (value) => (typeof value === "boolean" ? undefined : expected("bool", value, "true or false")),
  toJson: (value) => value,
  fromJson: (json) => (typeof json === "boolean" ? json : undefined),
};

export const INT: Codec<number> = {
  kind: "int",
  plain: true,
  wrong: (value) =>
    typeof value === "number" && Number.isSafeInteger(value)
      ? undefined
      : expected("int", value, "a whole number such as 3"),
  toJson: (value) => value,
  fromJson: (json) => (typeof json === "number" && Number.isSafeInteger(json) ? json : undefined),
};

/** A list; a server reads a null in it as the empty value of its kind. */
function listOf<T>(kind: "strings" | "numbers", element: Codec<T>, empty: T, example: string): Codec<readonly T[]> {
  return {
    kind,
    wrong(value) {
      if (!Array.isArray(value)) return expected(kind, value, example);
      for (let index = 0; index < value.length; index += 1) {
        const item: unknown = value[index];
        const wrong = element.wrong(item);
        if (wrong !== undefined && !isDeferred(item)) return `element ${index}: ${wrong}`;
      }
      return undefined;
    },
    toJson: (value) => [...value],
    fromJson(json) {
      if (!Array.isArray(json)) return undefined;
      const values: readonly unknown[] = json.includes(null) ? json.map((item: unknown) => item ?? empty) : json;
      return values.every((item) => element.fromJson(item) !== undefined) ? (values as T[]) : undefined;
    },
  };
}

export const TEXTS = listOf("strings", TEXT, "", 'a list such as ["a", "b"]');
export const INTS = listOf("numbers", INT, 0, "a list such as [1, 2]");
