import { UserError } from "../../errors";

/**
 * HCL that is written. A text becomes part of it only as what it is meant to be: a string, a heredoc, a key, a name. The parts of a
 * template are ours, and what is interpolated is already HCL, which the types hold.
 *
 * @see https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
 */
export class HclText {
  /** @internal Only in this file. */
  constructor(readonly text: string) {}
}

/** HCL of our own words around parts that are HCL. A bare string is refused by the type. */
export function hcl(literals: TemplateStringsArray, ...parts: readonly HclText[]): HclText {
  return new HclText(literals.map((own, index) => own + (parts[index]?.text ?? "")).join(""));
}

/** Parts with something of ours between them. */
export function joined(parts: readonly HclText[], separator: HclText): HclText {
  return new HclText(parts.map(({ text }) => text).join(separator.text));
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const KEYWORDS = new Set(["null", "true", "false", "for", "if"]);

/** Whether a name may stand without quotes. */
export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name) && !KEYWORDS.has(name);
}

/**
 * The name of a block or of an attribute.
 *
 * @throws UserError for a name that HCL cannot have there
 */
export function named(name: string): HclText {
  if (!IDENTIFIER.test(name)) throw unwritable(`the name "${name}"`);
  return new HclText(name);
}

/** The key of an object. */
export function objectKey(name: string): HclText {
  return isIdentifier(name) ? new HclText(name) : quoted(name);
}

/** The label of a block, which HCL keeps as it is. */
export function label(text: string): HclText {
  return new HclText(`"${inQuotes(text, () => false)}"`);
}

/**
 * A text in quotes. References that Nomad itself fills in are left as they stand.
 *
 * @throws UserError for a text that is not in Unicode's composed form, which HCL brings every value into
 */
export function quoted(text: string): HclText {
  return new HclText(`"${inQuotes(composed(text), isReference)}"`);
}

/** A text over its lines, as a heredoc; undefined where it is written in quotes. */
export interface OverLines {
  readonly heredoc: HclText;
  /** Whether the last line break of the heredoc is none of the text. */
  readonly isChomped: boolean;
}

/** A text over several lines where it has them, and can be written so. */
export function overLines(text: string): OverLines | undefined {
  // What takes the last line break away takes all of them.
  const isChomped = !text.endsWith("\n");
  if (isChomped && text.endsWith("\r")) return undefined;
  const whole = isChomped ? `${text}\n` : text;
  const mark = heredocMark(whole);
  if (mark === undefined) return undefined;
  const heredoc = new HclText(`<<${mark}\n${withoutTemplates(composed(whole), isReference)}${mark}`);
  return { heredoc, isChomped };
}

/** A number, true, false or null. Whole numbers have no exponent, as Nomad prints them. */
export function scalar(value: number | boolean | null): HclText {
  if (typeof value !== "number") return new HclText(String(value));
  if (!Number.isFinite(value)) throw unwritable(`the number ${value}`);
  return new HclText(Number.isInteger(value) ? BigInt(value).toString() : String(value));
}

/** What cannot be seen, or means something to an editor: written as an escape, which only quotes know. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}](?<![\u200c\u200d])/gu;
const SHORT: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function inQuotes(text: string, isKept: Kept): string {
  return withoutTemplates(text.toWellFormed().replaceAll(/["\\]/g, "\\$&"), isKept).replaceAll(UNSEEN, escaped);
}

function escaped(sign: string): string {
  const code = (sign.codePointAt(0) ?? 0).toString(16);
  return SHORT.get(sign) ?? (code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`);
}

/** The beginning of a template, or a whole reference that Nomad fills in by itself. */
const TEMPLATE =
  /\$\{(?:NOMAD_[A-Za-z0-9_]+|(?:attr|node|meta|env|device)\.[A-Za-z_][A-Za-z0-9_.-]*[A-Za-z0-9_])\}|[$%]\{/g;

type Kept = (found: string, text: string, at: number) => boolean;

/** A text in which nothing is read as a template but what is kept. */
function withoutTemplates(text: string, isKept: Kept): string {
  return text.replaceAll(TEMPLATE, (found, at: number) => (isKept(found, text, at) ? found : found[0] + found));
}

/**
 * Whether a reference may stand as it is. Behind a dollar it would be an escape, and Nomad's parser doubles braces that follow one
 * (`UndefinedVariable` in jobspec2/types.config.go).
 */
function isReference(found: string, text: string, at: number): boolean {
  if (found.length === 2 || text[at - 1] === "$") return false;
  let next = at + found.length;
  while (text[next] === " ") next += 1;
  return text[next] !== "}";
}

/** The word that ends a heredoc of this text; nothing where it is no heredoc: one line, no line break at its end, something unseen. */
function heredocMark(text: string): string | undefined {
  if (!/\n./s.test(text) || !text.endsWith("\n")) return undefined;
  if (text.replaceAll(/[\n\t]/g, "").search(UNSEEN) >= 0 || /\p{Cs}/u.test(text)) return undefined;
  const lines = new Set(text.split("\n").map((line) => line.trim()));
  return ["EOF", "EOT", "EOH", "END"].find((candidate) => !lines.has(candidate));
}

function composed(text: string): string {
  if (text.normalize("NFC") !== text) throw unwritable(`"${text}" in decomposed Unicode (NFD), which HCL composes`);
  return text;
}

function unwritable(what: string): UserError {
  return UserError.at("", `HCL has no way to write ${what}; render the job as JSON`, "render/hcl");
}
