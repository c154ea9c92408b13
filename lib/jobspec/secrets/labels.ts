import type { SecretSpan } from "./forms";
import { isSecretPair } from "./pairs";

const QUOTE = String.raw`\\{0,7}["']?`;
const SIGN = String.raw`${QUOTE}[ \t]{0,9}[:=][ \t]{0,9}${QUOTE}`;
const LABEL = String.raw`\b(?:name|key|Name|Key)${SIGN}([A-Za-z][\w.:/-]{1,100})${QUOTE}`;
/** Quotes stand around a value; without one it goes on to where the line, the object or the element ends. */
const VALUE = String.raw`\b(?:value|Value)\\{0,7}["']?[ \t]{0,9}[:=][ \t]{0,9}(?:\\{0,7}"((?:[^"\\\n]|\\[^"\n]){1,4000})\\{0,7}"|'([^'\n]{1,4000})'|([^\s"',}>\\][^\n"',}>\\]{0,400}))`;
/** What may stand between both: not another object or element. */
const BETWEEN = String.raw`[ \t]{0,9},?\s{0,200}(?:-[ \t])?`;

const LABEL_FIRST = new RegExp(`${LABEL}${BETWEEN}${QUOTE}${VALUE}`, "g");
const VALUE_FIRST = new RegExp(`${VALUE}${BETWEEN}${QUOTE}${LABEL}`, "g");
/** `<name>db.password</name><value>winter</value>` */
const ELEMENTS =
  /<(?:name|key)>\s{0,80}([\w.:-]{2,100})\s{0,80}<\/(?:name|key)>\s{0,200}<value>([^<]{1,4000})<\/value>/gi;
/** `["--password", "winter"]` */
const ARGUMENTS = /["']--?([A-Za-z][\w-]{1,80})["'],\s{0,40}(?:"([^"\n]{1,400})"|'([^'\n]{1,400})')/g;
/** `<password type="x">winter</password>`; without attributes it is a pair as any other. */
const ELEMENT = /<([A-Za-z][\w.:-]{1,60})\s[^<>]{1,200}>\s{0,40}([^<\s][^<]{0,400})<\//g;
/** `<input type="password" value="winter">` */
const INPUT = /\btype=["']?password["']?[^<>]{0,200}?\bvalue=(?:"([^"]{1,400})"|'([^']{1,400})')/gi;

/** Behind this word. */
const VALUE_LENGTH = "value".length;

/** Values of which the name stands beside them under a key of its own: `name: DB_PASSWORD` and in the next line `value: winter`. */
export function labelSpans(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  const add = ({ index, 0: whole }: RegExpExecArray, name: string, value: string, isFirst = false) => {
    if (value === "" || !isSecretPair(name, value.trim())) return;
    const start = index + (isFirst ? whole.indexOf(value, VALUE_LENGTH) : whole.lastIndexOf(value));
    found.push({ start, end: start + value.length, what: `the value of ${name}`, certain: false });
  };
  for (const match of text.includes("</") ? text.matchAll(ELEMENT) : []) add(match, match[1] ?? "", match[2] ?? "");
  for (const match of text.matchAll(ARGUMENTS)) {
    const value = match[2] ?? match[3] ?? "";
    if (!value.startsWith("-")) add(match, match[1] ?? "", value);
  }
  if (!/value/i.test(text)) return found;
  for (const match of text.matchAll(LABEL_FIRST)) add(match, match[1] ?? "", match[2] ?? match[3] ?? match[4] ?? "");
  for (const match of text.matchAll(VALUE_FIRST))
    add(match, match[4] ?? "", match[1] ?? match[2] ?? match[3] ?? "", true);
  for (const match of text.includes("</") ? text.matchAll(ELEMENT) : []) {
    const [whole, name = "", value = ""] = match;
    if (!isSecretPair(name, value.trim())) continue;
    const start = match.index + whole.lastIndexOf(value);
    found.push({ start, end: start + value.length, what: `the value of ${name}`, certain: false });
  }
  for (const match of text.matchAll(ARGUMENTS)) {
    const [whole, name = "", value = match[3] ?? ""] = match;
    if (value.startsWith("-") || !isSecretPair(name, value)) continue;
    const start = match.index + whole.lastIndexOf(value);
    found.push({ start, end: start + value.length, what: `the value of ${name}`, certain: false });
  }
  if (!/value/i.test(text)) return found;
  for (const match of text.matchAll(ELEMENTS)) add(match, match[1] ?? "", match[2] ?? "");
  for (const match of text.matchAll(INPUT)) add(match, "password", match[1] ?? match[2] ?? "");
  return found;
}
