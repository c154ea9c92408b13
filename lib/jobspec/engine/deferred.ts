/**
 * Values that nobody knows yet. A program on top of this model may put tokens in it: stand-ins for a
 * value that Terraform fills in at deploy time. The model carries them through and judges nothing
 * about them. Their three shapes are those of cdktf and CDK Terrain
 * (https://developer.hashicorp.com/terraform/cdktf/concepts/tokens): a marked string, a number far
 * below any real one, and an object with `resolve()`.
 */

/** Matches every token inside a string. */
export const TOKEN_IN_STRING = /\$\{TfToken\[[^\]]*\]\}/g;
/** A list whose value is unknown is a list of just this. */
export const TOKEN_LIST_ELEMENT = /^#\{TfToken\[[^\]]*\]\}$/;
/** Numbers below this are tokens. */
const LOWEST_REAL_NUMBER = -1e280;

/** Whether some of this value is known only at deploy time. */
export function isDeferred(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return value.includes("TfToken[");
    case "number":
      return value < LOWEST_REAL_NUMBER && value > -Infinity;
    case "object":
      return Array.isArray(value) ? value.length === 1 && isDeferredElement(value[0]) : isResolvable(value);
    default:
      return false;
  }
}

/** Whether this is a token in its object shape. */
export function isResolvable(value: unknown): value is object {
  return typeof value === "object" && value !== null && typeof (value as { resolve?: unknown }).resolve === "function";
}

function isDeferredElement(value: unknown): boolean {
  return typeof value === "string" && TOKEN_LIST_ELEMENT.test(value);
}
