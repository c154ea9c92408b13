/**
 * Values that nobody knows yet. A program on top of this model may put tokens in it: stand-ins for a
 * value that Terraform fills in at deploy time. The model carries them through and judges nothing
 * about them. Their shapes are those of cdktf and CDK Terrain
 * (https://developer.hashicorp.com/terraform/cdktf/concepts/tokens): a marked string, a number far
 * below any real one, a list or a map with a marked element, and an object with `resolve()`.
 */

/** A token in its object shape, such as cdktf's `IResolvable`. */
export interface Resolvable {
  /** What Terraform is given in its place. Called by the CDK alone. */
  resolve(context: never): unknown;
}

/** Matches every token inside a string. */
export const TOKEN_IN_STRING = /\$\{TfToken\[[^\]]*\]\}/g;
/** A list whose value is unknown is a list of just this. */
const TOKEN_LIST_ELEMENT = /^#\{TfToken\[[^\]]*\]\}$/;
/** A map whose value is unknown has just this key. */
export const TOKEN_MAP_KEY = /^&\{TfToken\[[^\]]*\]\}$/;
/** Numbers below this are tokens. */
const LOWEST_REAL_NUMBER = -1e280;
/** How every token that is no text begins as JSON, such as `<unresolved-token>` and `<unresolved-lazy>`. */
export const UNRESOLVED_BEGIN = "<unresolved-";

/** A number that is known only at deploy time, times a factor: what a unit of a token is rendered as. */
export class ScaledToken {
  constructor(
    /** The token, in units of the factor. */
    readonly token: number | Resolvable,
    readonly factor: number,
  ) {
    Object.freeze(this);
  }

  toJSON(): string {
    return `${UNRESOLVED_BEGIN}token>`;
  }
}

/** What is known of the size of a unit: its size, or the token that tells it. */
export interface Unit {
  readonly unknown: ScaledToken | undefined;
}

/** A count in units of a factor: the product where it is known. */
export function scaled(count: number | Resolvable, factor: number): number | ScaledToken {
  if (isDeferred(count)) return new ScaledToken(count, factor);
  // What is no number becomes none: the check of the property that has the unit says so, with its place.
  return typeof count === "number" ? count * factor : NaN;
}

/**
 * Whether a value is known while the program is synthesized: whoever judges a value asks this first, and says nothing where it is not. A list or
 * a map is known where it is one, also where some of its elements are not.
 */
export function isKnown(value: unknown): boolean {
  return !isDeferred(value);
}

/** Whether some of this value is known only at deploy time. */
export function isDeferred(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return value.includes("TfToken[");
    case "number":
      return value < LOWEST_REAL_NUMBER && value > -Infinity;
    case "object":
      if (value === null) return false;
      if (Array.isArray(value)) return value.length === 1 && isDeferredElement(value[0]);
      return isResolvable(value) || isDeferredMap(value) || (value as Partial<Unit>).unknown instanceof ScaledToken;
    default:
      return false;
  }
}

/** Whether this is a token in its object shape. */
export function isResolvable(value: unknown): value is Resolvable {
  return (
    typeof value === "object" &&
    value !== null &&
    (typeof (value as { resolve?: unknown }).resolve === "function" || value instanceof ScaledToken)
  );
}

/** cdktf has numbers of their own for lists of numbers, which are the only element. */
function isDeferredElement(value: unknown): boolean {
  return typeof value === "string" ? TOKEN_LIST_ELEMENT.test(value) : isListNumber(value);
}

const LIST_NUMBERS = [-1e290, -1e289] as const;

function isListNumber(value: unknown): boolean {
  return typeof value === "number" && value > LIST_NUMBERS[0] && value <= LIST_NUMBERS[1];
}

function isDeferredMap(value: object): boolean {
  for (const key in value) return TOKEN_MAP_KEY.test(key);
  return false;
}
