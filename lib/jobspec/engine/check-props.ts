import { type Path, type PathStep, type Problem, UserError } from "../../errors";
import { definitionOf, type Block } from "./block";
import { isKnown } from "./deferred";
import { describe, isKeyed } from "./describe";
import { nearestOf } from "./nearest";

/** What a property of a constructor may be. */
export interface PropKind {
  /** Whether a value is of this kind. */
  readonly fits: (value: unknown) => boolean;
  /** What is expected, such as `a text`. */
  readonly expected: string;
  /** What to write instead of a value that is of another kind. */
  readonly write: (value: unknown) => string;
  readonly required?: boolean;
  /** What stands in a value that fits, each with its step and its kind. */
  readonly elements?: (value: unknown) => readonly (readonly [PathStep, unknown, PropKind])[];
  /** The properties that a value that fits may have, where it has no others. */
  readonly properties?: (value: Readonly<Record<string, unknown>>) => Readonly<Record<string, PropKind>>;
}

/** The kind of a property that must be given. */
export interface RequiredPropKind extends PropKind {
  readonly required: true;
}

/** The kinds of all properties of a constructor: the compiler misses one that is left out, and one that must be given and is not said to. */
export type PropKinds<P> = {
  readonly [K in keyof P]-?: object extends Pick<P, K> ? PropKind : RequiredPropKind;
};

/**
 * A kind of values.
 *
 * @param expected what is expected, such as `a text`
 * @param write what to write, where a value is of another kind
 */
export function propKind(fits: (value: unknown) => boolean, expected: string, write: string): PropKind {
  return { fits, expected, write: () => write };
}

function isText(value: unknown): boolean {
  return typeof value === "string" || !isKnown(value);
}

/** What is judged by others, such as cdktf. */
export const ANYTHING = propKind(() => true, "a value", "one");
export const TEXT = propKind(isText, "a text", "one in quotes");
export const TEXTS = listOf(TEXT, "a list of texts", '["a", "b"]');
export const TEXT_MAP: PropKind = {
  ...propKind(isKeyed, "texts by their keys", '{ key: "value" }'),
  elements: (value) => Object.entries(value as object).map(([key, each]) => [{ key }, each, TEXT]),
};
export const FLAG = propKind((value) => typeof value === "boolean", "true or false", "one of them");
export const NUMBER = propKind((value) => typeof value === "number", "a number", "one");
export const OBJECT = propKind(isKeyed, "an object", "{ name: value }");
export const OBJECTS = listOf(OBJECT, "a list of objects", "[{ name: value }]");

/** A list of values of one kind. */
export function listOf(kind: PropKind, expected: string, write: string): PropKind {
  return {
    ...propKind(Array.isArray, expected, write),
    elements: (value) => (value as readonly unknown[]).map((each, index) => [{ index }, each, kind]),
  };
}

/** An object of just these properties, such as the options of a constructor's property. */
export function objectOf<P extends object>(kinds: PropKinds<P>): PropKind {
  return objectBy(() => kinds);
}

/** An object whose properties depend on one of them, such as its `kind`. */
export function objectBy(kindsOf: NonNullable<PropKind["properties"]>): PropKind {
  return { ...OBJECT, properties: kindsOf };
}

/** One of a few texts. */
export function oneOfTexts(...texts: readonly string[]): PropKind {
  return {
    fits: (value) => typeof value === "string" && texts.includes(value),
    expected: texts.map((each) => `"${each}"`).join(" or "),
    write(value) {
      const near = typeof value === "string" ? nearestOf(value, texts) : undefined;
      return near === undefined ? "one of them" : `"${near}"`;
    },
  };
}

/** A property that must be given. */
export function required(kind: PropKind): RequiredPropKind {
  return { ...kind, required: true };
}

/**
 * The properties of a block, which judges their values by itself: for a constructor that hands what it is given on to one.
 *
 * @param but properties that the constructor sets by itself
 */
export function propsOfBlock(
  type: new (props: never) => Block,
  ...but: readonly string[]
): Readonly<Record<string, PropKind>> {
  const names = [...definitionOf(type).byName.keys(), "overrides"].filter((name) => !but.includes(name));
  return Object.fromEntries(names.map((name) => [name, ANYTHING]));
}

/**
 * Refuses the properties of a constructor that are none: they may come from JSON and be of any kind. What is known only when it is deployed is taken.
 *
 * @param place whose properties they are
 * @param kinds what they may be; without it they are judged by others, and only have to be an object
 * @throws UserError with every property that is unknown, missing, or of another kind; and where they are no object
 */
export function checkProps(props: object, place: string, kinds?: Readonly<Record<string, PropKind>>): void {
  const given: unknown = props;
  if (!isKeyed(given))
    throw UserError.at(
      place,
      `expected its properties as an object, found ${describe(given)}; write { name: value }`,
      "field/type",
    );
  if (!kinds) return;
  const problems = [...wrongProps(given, place, kinds)];
  if (problems.length > 0) throw new UserError(problems);
}

function* wrongProps(
  props: Readonly<Record<string, unknown>>,
  place: string | Path,
  kinds: Readonly<Record<string, PropKind>>,
): Generator<Problem> {
  const path: Path = typeof place === "string" ? [place] : place;
  const problem = (name: string, rule: string, message: string): Problem => ({
    rule,
    path: [...path, name],
    message,
    severity: "error",
  });
  for (const [name, kind] of Object.entries(kinds)) {
    const value = props[name];
    if (value === undefined) {
      if (kind.required) yield problem(name, "field/required", `must be given; write ${kind.write(value)}`);
    } else yield* wrongValue(value, [...path, name], kind);
  }
  const names = Object.keys(kinds);
  for (const name of Object.keys(props).filter((each) => props[each] !== undefined && !Object.hasOwn(kinds, each))) {
    const near = nearestOf(name, names);
    const wayOut = near === undefined ? `it takes ${names.join(", ")}` : `write "${near}"`;
    yield problem(name, "field/unknown", `there is no such property; ${wayOut}`);
  }
}

/** What is wrong with a value, or with what stands in it. What is known only when it is deployed is taken. */
function* wrongValue(value: unknown, path: Path, kind: PropKind): Generator<Problem> {
  if (!isKnown(value)) return;
  if (!kind.fits(value)) {
    const message = `expected ${kind.expected}, found ${describe(value)}; write ${kind.write(value)}`;
    yield { rule: "field/type", path, message, severity: "error" };
    return;
  }
  for (const [step, each, inside] of kind.elements?.(value) ?? []) yield* wrongValue(each, [...path, step], inside);
  if (!kind.properties) return;
  const props = value as Readonly<Record<string, unknown>>;
  yield* wrongProps(props, path, kind.properties(props));
}
