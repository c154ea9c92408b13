import type { SecretSpan } from "./forms";
import { hasValueKey, VALUE_KEYS } from "./labels";
import { suspicionOf } from "./names";
import { Scanner, type Part } from "./scanner";
import { SIGNS, signsOf } from "./signs";
import { isPlainlyNoSecret } from "./values";

/** `password {`, `password "db" {`, `<password>`, and at the end of a line `password:`, with or without a list's dash. */
const OPENS =
  /^([ \t]{0,200})(?:-[ \t]{1,9})?(?:["']?([\p{L}][\p{L}\p{M}\w.-]{1,100})["']?(?:(?:[ \t]{1,9}"[^"\n]{0,100}"){0,3}[ \t]{0,9}[:=]?[ \t]{0,9}(\{)|[ \t]{0,9}(:)[ \t\r]{0,9}$)|(<)([A-Za-z][\w.:-]{1,100})(?:\s[^<>\n]{0,200})?>[ \t\r]{0,9}$|(\[)\[?["']?([\w.-]{2,100})["']?\]\]?[ \t\r]{0,9}$)/gmu;

/** What stands in quotes, which are not those in what a template fills in: `"{{ with secret "kv/db" }}…{{ end }}"`. Each letter can be read in one way alone. */
const QUOTED = String.raw`(?:\{\{[^{}\n]{0,400}\}\}|(?!\{\{[^{}\n]{0,400}\}\})[^"\\\n]|\\[^\n]){1,4000}`;

const CARRIED = new RegExp(
  String.raw`(?<![\w.-])["']?(?:${VALUE_KEYS.join("|")})["']?[ \t]{0,9}[:=][ \t]{0,9}(?:"(${QUOTED})"|'([^'\n]{1,4000})'|([^\s"'{[|>][^\s"'};,]{0,4000}))|<(?:${VALUE_KEYS.join("|")})(?:\s[^<>\n]{0,200})?>([^<]{1,4000})</`,
  "gi",
);

/** Values that stand one level below a secret's name: `password { value = "winter" }`, in YAML, TOML and XML as well; linear in the text. */
export function nestedSpans(text: string, signs = signsOf(text)): SecretSpan[] {
  if ((signs & ~SIGNS.space) === 0 || (!hasValueKey(text) && !MANY.test(text))) return [];
  const found: SecretSpan[] = [];
  const scanner = new Scanner(text);
  let covered = 0;
  for (const match of text.matchAll(OPENS)) {
    const name = match[2] ?? match[6] ?? match[8] ?? "";
    if (match.index < covered || suspicionOf(name) !== "secret") continue;
    const inside = regionBehind(scanner, match, name);
    covered = inside.end;
    // All that stands in `tokens {` is a token, whatever its name.
    const values = match[3] !== undefined && /[a-z]s$/i.test(name) ? ANY : CARRIED;
    for (const { index, 0: whole, ...groups } of text.slice(inside.start, inside.end).matchAll(values)) {
      const value = groups[1] ?? groups[2] ?? groups[3] ?? groups[4] ?? "";
      if (isPlainlyNoSecret(value)) continue;
      const start = inside.start + index + whole.lastIndexOf(value);
      found.push({ start, end: start + value.length, what: `the value of ${name}`, certain: false });
    }
  }
  return found;
}

/** An assignment of a text in HCL. */
const ANY = new RegExp(String.raw`(?<![\w.-])[\w-]{1,100}[ \t]{0,9}=[ \t]{0,9}"(${QUOTED})"`, "g");
const MANY = /(?:tokens|passwords|secrets|credentials|keys)["']?[ \t]{0,9}=?[ \t]{0,9}\{/i;

/** Where what stands below a name ends. */
function regionBehind(scanner: Scanner, match: RegExpExecArray, name: string): Part {
  const { text } = scanner;
  const end = match.index + match[0].length;
  if (match[3] !== undefined) return scanner.structure(end - 1);
  if (match[4] !== undefined) return scanner.blockScalar(match.index, match[0].search(/[^\s-]/));
  const closing = match[5] === undefined ? "\n[" : `</${name}`;
  const found = text.indexOf(closing, end);
  return { start: end, end: found < 0 ? text.length : found };
}
