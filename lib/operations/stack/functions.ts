import { isAscii } from "node:buffer";
import { matchExpression } from "../../jobspec/host";

/** Values of Terraform. */
export type TerraformValue = string | number | boolean | null | readonly TerraformValue[] | TerraformMap;

/** A map or an object of Terraform. */
export interface TerraformMap {
  readonly [key: string]: TerraformValue;
}

/** An expression that only Terraform itself can evaluate. */
export class NeedsTerraform extends Error {}

/** An expression that has no value, which `can()` tells. */
export class NoValue extends NeedsTerraform {}

type TerraformFunction = (...given: readonly TerraformValue[]) => TerraformValue;

/** A value within a text. */
export function asText(value: TerraformValue | undefined): string {
  if (typeof value === "object" || value === undefined)
    throw new NeedsTerraform("a list, a map or nothing inside a text");
  return String(value);
}

/** A product, exact in decimals as Terraform's is; a text that is a number counts as one. */
export function times(left: TerraformValue, right: TerraformValue): number {
  const [a, b] = [decimal(left), decimal(right)];
  return Number(`${a.digits * b.digits}e${a.exponent + b.exponent}`);
}

/** More than the 155 digits that Terraform keeps of a number. */
const LONGEST_NUMBER = 400;

function decimal(value: TerraformValue): { readonly digits: bigint; readonly exponent: number } {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  // Before anything reads it: an expression that repeats may come to the end of the engine's stack with millions of characters.
  if (text.length > LONGEST_NUMBER) throw new NeedsTerraform(`* of a text of more than ${LONGEST_NUMBER} characters`);
  const [, whole, fraction = "", exponent = "0"] = /^([+-]?\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  if (whole === undefined) throw new NeedsTerraform("* of what is no number");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/**
 * The functions that the texts of this library use.
 *
 * @see https://developer.hashicorp.com/terraform/language/functions
 */
export const FUNCTIONS: ReadonlyMap<string, TerraformFunction> = new Map<string, TerraformFunction>([
  ["jsonencode", (value) => jsonEncode(value)],
  [
    "trimprefix",
    (value, prefix) => {
      const [text, start] = [asText(value), asText(prefix)];
      return text.startsWith(start) ? text.slice(start.length) : text;
    },
  ],
  [
    "trimsuffix",
    (value, suffix) => {
      const [text, end] = [asText(value), asText(suffix)];
      return text.endsWith(end) ? text.slice(0, text.length - end.length) : text;
    },
  ],
  ["upper", (value) => asText(value).toUpperCase()],
  ["lower", (value) => asText(value).toLowerCase()],
  ["contains", (list, value) => Array.isArray(list) && list.includes(value as TerraformValue)],
  ["length", (value) => (Array.isArray(value) ? value.length : graphemes(asText(value)))],
  ["regex", (pattern, value) => regex(asText(pattern), asText(value))],
]);

/** As Terraform writes JSON, which is safe inside of a page. https://developer.hashicorp.com/terraform/language/functions/jsonencode */
function jsonEncode(value: TerraformValue | undefined): string {
  return JSON.stringify(value, inOrder).replaceAll(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A map in the order of its keys, as Terraform keeps it. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How many times longer a function takes for a character than one that only copies. */
export const WEIGHTS: ReadonlyMap<string, number> = new Map([
  ["length", 64],
  ["regex", 64],
]);

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Characters of a text that Intl.Segmenter divides in a thousandth of a second: its time grows with the square of the length. */
const DIVISIBLE = 1000;

/** How many characters a text has for who reads it. */
function graphemes(text: string): number {
  // Of ASCII, only the end of a line as Windows writes it is two in one.
  if (isAscii(Buffer.from(text))) return text.length - text.split("\r\n").length + 1;
  if (text.length > DIVISIBLE)
    throw new NeedsTerraform(`length() of a text of more than ${DIVISIBLE} characters that are not all ASCII`);
  return [...GRAPHEMES.segment(text)].length;
}

/** The match, or what its groups caught, as a list. */
function regex(pattern: string, text: string): TerraformValue {
  if (/\(\?P?<\w/.test(pattern)) throw new NeedsTerraform("regex() with groups that have names");
  const match = matched(pattern, text);
  if (!match) throw new NoValue("regex() without a match");
  const [whole = "", ...groups] = match;
  return groups.length === 0 ? whole : groups;
}

function matched(pattern: string, text: string): readonly (string | null)[] | undefined {
  try {
    return matchExpression(pattern, text);
  } catch {
    throw new NoValue(`regex() of "${pattern.slice(0, 40)}", which is no regular expression`);
  }
}
