import { Fn, Op, Tokenization, type Expression } from "cdktf";
import {
  isDeferred,
  isResolvable,
  ScaledToken,
  TOKEN_IN_STRING,
  TOKEN_MAP_KEY,
  UNRESOLVED_BEGIN,
} from "../jobspec/host";

/**
 * A JSON value as a text that Terraform evaluates to exactly that JSON. Two readers see it: Terraform at plan
 * time, and whoever gets the result. What is for the second (`${NOMAD_PORT_http}`, `%{`) is escaped from the first; what the
 * first shall fill in (cdktf's tokens) is spliced in one by one through `jsonencode`, so that no quote,
 * backslash or `${` in a value can break the text.
 *
 * `Fn.jsonencode` over the whole object would not do: cdktf 0.21 leaves quotes unescaped in it and mangles `%{`.
 */
export function terraformJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!mayHoldTokens(text)) return escapeTemplate(text);

  const splices: string[] = [];
  const marked = JSON.stringify(mark(value, splices));
  return escapeTemplate(marked).replaceAll(
    MARK,
    (_match, _quoted, whole: string | undefined, part: string | undefined) =>
      whole !== undefined ? `${splices[Number(whole)]}` : unquoted(`${splices[Number(part)]}`),
  );
}

/** A number that stands for a token, also inside a text. */
const NUMBER_TOKEN = /-\d(?:\.\d+)?e\+(?:2[89]\d|30\d)/g;

/** A token in any of its shapes leaves one of these in JSON. */
function mayHoldTokens(text: string): boolean {
  if (text.includes("TfToken[") || text.includes(UNRESOLVED_BEGIN)) return true;
  return text.includes("e+") && text.search(NUMBER_TOKEN) >= 0;
}

/** Private-use characters stand around a splice: JSON and escaping leave them alone. */
const OPEN = "\uE0C0";
const CLOSE = "\uE0C1";
/** A sign that would be read as part of the escape, or of the splice, behind it. */
const DOUBLED_SIGN = new RegExp(`[$%](?=[$%]\\{|${OPEN}p)`, "g");
const MARK = new RegExp(`("${OPEN}w(\\d+)${CLOSE}")|${OPEN}p(\\d+)${CLOSE}`, "g");

/** What Terraform would read in a text, written so that it reads it as it stands. */
function escapeTemplate(text: string): string {
  if (!text.includes("${") && !text.includes("%{")) return text;
  // A dollar right before an escape would be taken for part of it; as a JSON escape it cannot be.
  return text
    .replaceAll(DOUBLED_SIGN, (sign) => (sign === "$" ? "\\u0024" : "\\u0025"))
    .replaceAll(/([$%])\{/g, (_match, sign: string) => `${sign}${sign}{`);
}

/** The value with a mark in the place of every token, whose expressions go to `splices`. */
function mark(value: unknown, splices: string[]): unknown {
  const whole = (token: unknown): string => `${OPEN}w${splices.push(encode(token)) - 1}${CLOSE}`;
  if (typeof value === "number") return isNumberToken(value) ? whole(value) : value;
  if (typeof value === "string") return markString(value, splices, whole);
  if (Array.isArray(value)) {
    if (isDeferred(value)) return whole(value);
    return value.map((item) => mark(item, splices));
  }
  if (isResolvable(value)) return whole(value);
  if (typeof value !== "object" || value === null) return value;
  if (Object.keys(value).some((key) => TOKEN_MAP_KEY.test(key))) return whole(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [markString(key, splices, undefined), mark(item, splices)]),
  );
}

function markString(text: string, splices: string[], whole: ((token: unknown) => string) | undefined): string {
  const splice = (token: unknown): string => `${OPEN}p${splices.push(encode(token)) - 1}${CLOSE}`;
  const tokens = text.match(TOKEN_IN_STRING) ?? [];
  if (whole && tokens.length === 1 && tokens[0] === text) return whole(text);
  return text
    .replaceAll(TOKEN_IN_STRING, (token) => splice(token))
    .replaceAll(NUMBER_TOKEN, (digits) => (isNumberToken(Number(digits)) ? splice(Number(digits)) : digits));
}

function isNumberToken(value: number): boolean {
  return Tokenization.isResolvable(Tokenization.reverseNumber(value));
}

function encode(token: unknown): string {
  if (!(token instanceof ScaledToken)) return Fn.jsonencode(token);
  return Fn.jsonencode(token.factor === 1 ? token.token : Op.mul(token.token as Expression, token.factor));
}

/** A jsonencoded value without its quotes, to stand inside a longer JSON string. */
function unquoted(encoded: string): string {
  const quote = Fn.rawString('"');
  return Fn.trimsuffix(Fn.trimprefix(encoded, quote), quote);
}
