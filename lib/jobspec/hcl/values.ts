import { isPlainObject, type Api } from "../engine";
import { hcl, joined, objectKey, overLines, quoted, scalar, type HclText } from "./code";
import { attributeLines, type Line } from "./layout";

/** Lists of plain values are written on one line up to this width. */
const WIDEST = 90;

/** A value of an attribute: one line of text, or the lines that it takes. */
export function value(json: Api, depth: number): HclText | readonly Line[] {
  if (typeof json === "string") return text(json, depth);
  if (Array.isArray(json)) return list(json, depth);
  return isPlainObject(json) ? object(json, depth) : plain(json);
}

/** A text in quotes, or as a heredoc; one whose last line does not end is a heredoc without its last line break. */
function text(json: string, depth: number): HclText | readonly Line[] {
  const written = overLines(json);
  if (!written) return quoted(json);
  const { heredoc, isChomped } = written;
  return isChomped
    ? [
        { depth, lead: hcl`chomp(${heredoc}` },
        { depth, lead: hcl`)` },
      ]
    : heredoc;
}

function plain(json: Api): HclText {
  return scalar(typeof json === "number" || typeof json === "boolean" ? json : null);
}

function list(items: readonly Api[], depth: number): HclText | readonly Line[] {
  if (items.every((item) => (typeof item !== "object" || item === null) && !isOverLines(item))) {
    const parts = items.map((item) => (typeof item === "string" ? quoted(item) : plain(item)));
    const line = hcl`[${joined(parts, hcl`, `)}]`;
    if (line.text.length <= WIDEST) return line;
  }
  const inner = items.flatMap((item): readonly Line[] => {
    const written = value(item, depth + 1);
    // Nothing may stand behind the word that ends a heredoc.
    if ("text" in written && isOverLines(item))
      return [
        { depth: depth + 1, lead: written },
        { depth: depth + 1, lead: hcl`,` },
      ];
    if ("text" in written) return [{ depth: depth + 1, lead: hcl`${written},` }];
    const last = written[written.length - 1] as Line;
    return [
      { ...(written[0] as Line), depth: depth + 1 },
      ...written.slice(1, -1),
      { ...last, lead: hcl`${last.lead},` },
    ];
  });
  return [{ depth, lead: hcl`[` }, ...inner, { depth, lead: hcl`]` }];
}

function isOverLines(item: Api): boolean {
  return typeof item === "string" && overLines(item) !== undefined;
}

function object(json: Readonly<Record<string, Api>>, depth: number): HclText | readonly Line[] {
  const entries = Object.entries(json).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return hcl`{}`;
  const inner = entries.flatMap(([key, item]) => attributeLines(depth + 1, objectKey(key), value(item, depth + 1)));
  return [{ depth, lead: hcl`{` }, ...inner, { depth, lead: hcl`}` }];
}
