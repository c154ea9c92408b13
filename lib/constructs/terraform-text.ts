import {
  Fn,
  Op,
  OperatorExpression,
  Token,
  Tokenization,
  type Expression,
  type IResolvable,
  type IResolveContext,
} from "cdktf";
import { isKnown, isResolvable, ScaledToken, TOKEN_IN_STRING, TOKEN_MAP_KEY, UNRESOLVED_BEGIN } from "../jobspec/host";

/**
 * A JSON value as a text that Terraform evaluates to exactly that JSON. Two readers see it: Terraform at plan
 * time, and whoever gets the result. What is for the second (`${NOMAD_PORT_http}`, `%{`) is escaped from the first; what the
 * first shall fill in (cdktf's tokens) is spliced in one by one through `jsonencode`, so that no quote,
 * backslash or `${` in a value can break the text.
 *
 * `Fn.jsonencode` over the whole object would not do: cdktf 0.21 leaves quotes unescaped in it and mangles `%{`.
 */
export function terraformJson(value: unknown): string {
  // What is left out, such as by a Lazy that produces nothing, is null to Nomad.
  const text = (JSON.stringify(value) as string | undefined) ?? "null";
  if (!mayHoldTokens(text)) return escapeTemplate(text);

  const splices: string[] = [];
  return spliced(JSON.stringify(mark(value, splices)), splices);
}

/** What stands inside of a JSON string for a value that is known late, as a text that Terraform evaluates to it. */
function terraformJsonInside(value: unknown): string {
  const text = isResolvable(value)
    ? Token.asString(value)
    : value === undefined || value === null
      ? ""
      : `${value as string}`;
  const splices: string[] = [];
  const marked = JSON.stringify(markString(text, splices, undefined)).slice(1, -1);
  // What stands behind it may begin with a brace.
  return spliced(marked, splices).replace(/[$%]$/, jsonEscape);
}

/** JSON with expressions in the places of its marks, and what else Terraform would read escaped. */
function spliced(marked: string, splices: readonly string[]): string {
  return escapeTemplate(marked).replaceAll(MARK, (_match, _quoted, whole?: string, part?: string) =>
    String(splices[Number(whole ?? part)]),
  );
}

/** A number that stands for a token, also inside a text. */
const NUMBER_TOKEN = /-\d(?:\.\d+)?e\+(?:2[89]\d|30\d)/g;

/** A token in any of its shapes leaves one of these in JSON. */
export function mayHoldTokens(text: string): boolean {
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
  return text.replaceAll(DOUBLED_SIGN, jsonEscape).replaceAll(/([$%])\{/g, (_match, sign: string) => `${sign}${sign}{`);
}

/** A dollar or a percent sign that Terraform does not read as one. */
function jsonEscape(sign: string): string {
  return sign === "$" ? "\\u0024" : "\\u0025";
}

/** The value with a mark in the place of every token, whose expressions go to `splices`. */
function mark(value: unknown, splices: string[]): unknown {
  const whole = (token: unknown): string => `${OPEN}w${splices.push(encode(token)) - 1}${CLOSE}`;
  if (typeof value === "number") return isNumberToken(value) ? whole(value) : value;
  if (typeof value === "string") return markString(value, splices, whole);
  if (Array.isArray(value)) {
    if (!isKnown(value)) return whole(value);
    return value.map((item) => mark(item, splices));
  }
  if (isResolvable(value)) return whole(value);
  if (typeof value !== "object" || value === null) return value;
  if (isJsonable(value)) return mark(value.toJSON(), splices);
  if (Object.keys(value).some((key) => TOKEN_MAP_KEY.test(key))) return whole(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [markString(key, splices, undefined), mark(item, splices)]),
  );
}

/** Whether it says what it is as JSON, as units and blocks do that a Lazy produces. */
function isJsonable(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

function markString(text: string, splices: string[], whole: ((token: unknown) => string) | undefined): string {
  const splice = (token: unknown): string => `${OPEN}p${splices.push(encodeInside(token)) - 1}${CLOSE}`;
  const tokens = text.match(TOKEN_IN_STRING) ?? [];
  if (whole && tokens.length === 1 && tokens[0] === text) return whole(text);
  return text
    .replaceAll(TOKEN_IN_STRING, (token) => splice(token))
    .replaceAll(NUMBER_TOKEN, (digits) => (isNumberToken(Number(digits)) ? splice(Number(digits)) : digits));
}

function isNumberToken(value: number): boolean {
  return Tokenization.isResolvable(Tokenization.reverseNumber(value));
}

/** A token as an expression, or as a text with expressions, of its JSON. */
function encode(token: unknown): string {
  if (token instanceof ScaledToken)
    return token.factor === 1 ? encode(token.token) : Fn.jsonencode(Op.mul(token.token as Expression, token.factor));
  const late = lateValueOf(token);
  return late ? Token.asString(new LateText(late, terraformJson)) : Fn.jsonencode(token);
}

/** A token within a longer JSON string. */
function encodeInside(token: unknown): string {
  const late = lateValueOf(token);
  if (late) return Token.asString(new LateText(late, terraformJsonInside));
  const quote = Fn.rawString('"');
  return Fn.trimsuffix(Fn.trimprefix(Fn.jsonencode(token), quote), quote);
}

/** Expressions of Terraform; cdktf gives out only the classes that extend this one. */
const TERRAFORM_EXPRESSION = Object.getPrototypeOf(OperatorExpression) as abstract new () => IResolvable;

/** The token where it is no expression of Terraform, but a value that the program knows when it is synthesized, such as a Lazy. */
function lateValueOf(token: unknown): IResolvable | undefined {
  // cdktf's reverse() takes every list for one of texts.
  const isNumbers = Array.isArray(token) && typeof token[0] === "number";
  const found = isNumbers ? Tokenization.reverseNumberList(token as number[]) : Tokenization.reverse(token)[0];
  return found instanceof TERRAFORM_EXPRESSION ? undefined : found;
}

/** The text of a value that the program knows when it is synthesized. What it produces may hold tokens again. */
class LateText implements IResolvable {
  readonly creationStack: string[];

  constructor(
    private readonly token: IResolvable,
    private readonly write: (value: unknown) => string,
  ) {
    this.creationStack = token.creationStack;
  }

  resolve(context: IResolveContext): string {
    return this.write(this.token.resolve(context));
  }

  toString(): string {
    return Token.asString(this);
  }
}
