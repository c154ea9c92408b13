import { isPlainObject, type Api } from "../engine";
import { attributeLines, type Line } from "./layout";

/** References that Nomad fills in by itself: written in HCL as they stand. */
const KNOWN = /\$\{(?:NOMAD_[A-Za-z0-9_]+|(?:attr|node|meta|env|device)\.[A-Za-z_][A-Za-z0-9_.-]*[A-Za-z0-9_])\}/g;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const KEYWORDS = new Set(["null", "true", "false", "for", "if"]);
/** Lists of plain values are written on one line up to this width. */
const WIDEST = 90;

/** Whether a name may stand without quotes. */
export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name) && !KEYWORDS.has(name);
}

/** A text in quotes. */
export function quoted(text: string): string {
  return `"${withoutTemplates(JSON.stringify(text).slice(1, -1).replaceAll("\\b", "\\u0008").replaceAll("\\f", "\\u000c"))}"`;
}

/** A text in which nothing but what Nomad itself fills in is read as a template. */
function withoutTemplates(text: string): string {
  const kept: string[] = [];
  const marked = text.replaceAll(KNOWN, (reference) => `\uE0C0${kept.push(reference) - 1}\uE0C1`);
  return marked
    .replaceAll(/([$%])\{/g, (_match, sign: string) => `${sign}${sign}{`)
    .replaceAll(/\uE0C0(\d+)\uE0C1/g, (_match, index: string) => kept[Number(index)] ?? "");
}

/** A text: over several lines where it has them, and can be written so. */
export function textValue(text: string): string {
  if (!/\n./s.test(text) || !text.endsWith("\n") || /[^\n\t\u0020-\u007e\u00a0-\ufdff]|\uE0C0|\\$/m.test(text))
    return quoted(text);
  const lines = text.split("\n").map((line) => line.trim());
  const mark = ["EOF", "EOT", "EOH", "END"].find((candidate) => !lines.includes(candidate));
  return mark === undefined ? quoted(text) : `<<${mark}\n${withoutTemplates(text)}${mark}`;
}

/** A value of an attribute: one line of text, or the lines that it takes. */
export function value(json: Api, depth: number): string | readonly Line[] {
  if (typeof json === "string") return textValue(json);
  if (Array.isArray(json)) return list(json, depth);
  if (isPlainObject(json)) return object(json, depth);
  return json === null || json === undefined ? "null" : number(json);
}

function number(json: unknown): string {
  // Large whole numbers have no exponent in HCL as Nomad prints them.
  return typeof json === "number" && Number.isInteger(json) ? BigInt(json).toString() : String(json);
}

function list(items: readonly Api[], depth: number): string | readonly Line[] {
  if (items.every((item) => typeof item !== "object" || item === null)) {
    const line = `[${items.map((item) => (typeof item === "string" ? quoted(item) : number(item ?? "null"))).join(", ")}]`;
    if (line.length <= WIDEST) return line;
  }
  const inner = items.flatMap((item): readonly Line[] => {
    const written = typeof item === "string" ? quoted(item) : value(item, depth + 1);
    if (typeof written === "string") return [{ depth: depth + 1, lead: `${written},` }];
    const last = written[written.length - 1] as Line;
    return [{ ...(written[0] as Line), depth: depth + 1 }, ...written.slice(1, -1), { ...last, lead: `${last.lead},` }];
  });
  return [{ depth, lead: "[" }, ...inner, { depth, lead: "]" }];
}

function object(json: Readonly<Record<string, Api>>, depth: number): string | readonly Line[] {
  const entries = Object.entries(json).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return "{}";
  const inner = entries.flatMap(([key, item]) =>
    attributeLines(depth + 1, isIdentifier(key) ? key : quoted(key), value(item, depth + 1)),
  );
  return [{ depth, lead: "{" }, ...inner, { depth, lead: "}" }];
}
