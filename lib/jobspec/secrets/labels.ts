import type { SecretSpan } from "./forms";
import { isSecretPair } from "./pairs";
import { SIGNS, signsOf } from "./signs";

/** Keys under which the name of something stands, and keys under which its value does. */
export const NAME_KEYS = [
  "name",
  "key",
  "header",
  "headerName",
  "header_name",
  "field",
  "variable",
  "var",
  "env",
  "param",
  "parameter",
  "option",
  "property",
  "attribute",
  "id",
  "label",
  "type",
] as const;
export const VALUE_KEYS = [
  "value",
  "values",
  "val",
  "content",
  "contents",
  "data",
  "text",
  "string",
  "literal",
  "plain",
  "plaintext",
  "raw",
  "default",
  "current",
] as const;

const VALUE_KEY = new RegExp(`\\b(?:${VALUE_KEYS.join("|")})\\b`, "i");

/** Whether a text has a key under which values stand. */
export function hasValueKey(text: string): boolean {
  return VALUE_KEY.test(text);
}

const NAMES = anyCase(NAME_KEYS);
const VALUES = anyCase(VALUE_KEYS);

const QUOTE = String.raw`\\{0,7}["']?`;
const SIGN = String.raw`${QUOTE}[ \t]{0,9}[:=][ \t]{0,9}${QUOTE}`;
const LABEL = String.raw`\b(?:${NAMES})${SIGN}([\p{L}][\p{L}\p{M}\w.:/-]{1,100})${QUOTE}`;
/** Quotes stand around a value; without one it goes on to where the line, the object or the element ends. */
const VALUE = String.raw`\b(?:${VALUES})\\{0,7}["']?[ \t]{0,9}[:=][ \t]{0,9}(?:\[[ \t]{0,9})?(?:\\{0,7}"((?:[^"\\\n]|\\[^"\n]){1,4000})\\{0,7}"|'([^'\n]{1,4000})'|([^\s"',}>\\\[][^\n"',}>\\]{0,400}))`;
/** What may stand between both: not another object or element. */
const BETWEEN = String.raw`[ \t]{0,9}[,;]?\s{0,200}(?:-[ \t])?`;

const LABEL_FIRST = new RegExp(`${LABEL}${BETWEEN}${QUOTE}${VALUE}`, "gu");
const VALUE_FIRST = new RegExp(`${VALUE}${BETWEEN}${QUOTE}${LABEL}`, "gu");
/** `<name>db.password</name><value>winter</value>` */
const ELEMENTS =
  /<(?:name|key)>\s{0,80}([\w.:-]{2,100})\s{0,80}<\/(?:name|key)>\s{0,200}<(?:value|string)>([^<]{1,4000})<\/(?:value|string)>/gi;
/** `["--password", "winter"]` */
const ARGUMENTS = /["']--?([A-Za-z][\w-]{1,80})["'],\s{0,40}(?:"([^"\n]{1,400})"|'([^'\n]{1,400})')/g;
/** `["Authorization", "Bearer winter"]`: a pair in a list of two. */
const PAIRS =
  /[[(]\s{0,40}["']([\p{L}][\p{L}\p{M}\w.-]{2,80})["'],\s{0,40}(?:"([^"\n]{1,4000})"|'([^'\n]{1,4000})')\s{0,40}[\])]/gu;
/** `? password` and in the next line `: winter` of YAML. */
const EXPLICIT =
  /^[ \t]{0,100}\?[ \t]{1,9}["']?([\w.-]{2,100})["']?[ \t\r]{0,9}\n[ \t]{0,100}:[ \t]{1,9}["']?([^\s"'][^\n"']{0,400})/gm;
/** `<password type="x">winter</password>`; without attributes it is a pair as any other. */
const ELEMENT = /<([A-Za-z][\w.:-]{1,60})\s[^<>]{1,200}>\s{0,40}([^<\s][^<]{0,400})<\//g;
/** `<input type="password" value="winter">` */
const INPUT = /\btype=["']?password["']?[^<>]{0,200}?\bvalue=(?:"([^"]{1,400})"|'([^']{1,400})')/gi;

/** Values of which the name stands beside them under a key of its own: `name: DB_PASSWORD` and in the next line `value: winter`. */
export function labelSpans(text: string, signs = signsOf(text)): SecretSpan[] {
  const found: SecretSpan[] = [];
  if ((signs & (SIGNS.assigns | SIGNS.other)) === 0) return found;
  const add = ({ index, 0: whole }: RegExpExecArray, name: string, value: string, isFirst = false) => {
    if (value === "" || !isSecretPair(name, value.trim())) return;
    // Before a value that comes first there is nothing but its key.
    const start = index + (isFirst ? whole.indexOf(value, whole.search(/[:=]/)) : whole.lastIndexOf(value));
    found.push({ start, end: start + value.length, what: `the value of ${name}`, certain: false });
  };
  const matches = (pattern: RegExp, needs: boolean) => (needs ? text.matchAll(pattern) : []);
  const isMarkup = text.includes("</");
  for (const match of matches(ELEMENT, isMarkup)) add(match, match[1] ?? "", match[2] ?? "");
  for (const match of matches(ELEMENTS, isMarkup)) add(match, match[1] ?? "", match[2] ?? "");
  for (const match of matches(INPUT, text.includes("<"))) add(match, "password", match[1] ?? match[2] ?? "");
  for (const match of matches(ARGUMENTS, text.includes(","))) {
    const value = match[2] ?? match[3] ?? "";
    if (!value.startsWith("-")) add(match, match[1] ?? "", value);
  }
  for (const match of matches(PAIRS, text.includes(","))) {
    const value = match[2] ?? match[3] ?? "";
    if (isPairInList(match[1] ?? "", value)) add(match, match[1] ?? "", value);
  }
  for (const match of matches(EXPLICIT, text.includes("?"))) add(match, match[1] ?? "", match[2] ?? "");
  const isLabelled = (signs & SIGNS.assigns) !== 0 && hasValueKey(text);
  for (const match of matches(LABEL_FIRST, isLabelled))
    add(match, match[1] ?? "", match[2] ?? match[3] ?? match[4] ?? "");
  for (const match of matches(VALUE_FIRST, isLabelled))
    add(match, match[4] ?? "", match[1] ?? match[2] ?? match[3] ?? "", true);
  return found;
}

/** Whether a list of two is a name with its value, and not two names: `["token", "secret"]`. */
export function isPairInList(name: string, value: string): boolean {
  return isSecretPair(name, value) && !isSecretPair(value, "x");
}

/** Words with a first letter of either case. */
function anyCase(words: readonly string[]): string {
  return words.map((word) => `[${word[0] ?? ""}${(word[0] ?? "").toUpperCase()}]${word.slice(1)}`).join("|");
}
