import { type Problem, UserError } from "../../errors";
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

function areTexts(values: readonly unknown[]): boolean {
  return values.every(isText);
}

/** What is judged by others, such as cdktf. */
export const ANYTHING = propKind(() => true, "a value", "one");
export const TEXT = propKind(isText, "a text", "one in quotes");
export const TEXTS = propKind((value) => Array.isArray(value) && areTexts(value), "a list of texts", '["a", "b"]');
export const TEXT_MAP = propKind(
  (value) => isKeyed(value) && areTexts(Object.values(value)),
  "texts by their keys",
  '{ key: "value" }',
);
export const FLAG = propKind((value) => typeof value === "boolean", "true or false", "one of them");
export const NUMBER = propKind((value) => typeof value === "number", "a number", "one");
export const OBJECT = propKind(isKeyed, "an object", "{ name: value }");
export const OBJECTS = propKind(
  (value) => Array.isArray(value) && value.every(isKeyed),
  "a list of objects",
  "[{ name: value }]",
);

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
  place: string,
  kinds: Readonly<Record<string, PropKind>>,
): Generator<Problem> {
  const problem = (name: string, rule: string, message: string): Problem => ({
    rule,
    path: [place, name],
    message,
    severity: "error",
  });
  for (const [name, { fits, expected, write, required: isRequired }] of Object.entries(kinds)) {
    const value = props[name];
    if (value === undefined) {
      if (isRequired) yield problem(name, "field/required", `must be given; write ${write(value)}`);
    } else if (isKnown(value) && !fits(value))
      yield problem(name, "field/type", `expected ${expected}, found ${describe(value)}; write ${write(value)}`);
  }
  const names = Object.keys(kinds);
  for (const name of Object.keys(props).filter((each) => props[each] !== undefined && !Object.hasOwn(kinds, each))) {
    const near = nearestOf(name, names);
    const wayOut = near === undefined ? `it takes ${names.join(", ")}` : `write "${near}"`;
    yield problem(name, "field/unknown", `there is no such property; ${wayOut}`);
  }
}
