import type { Expression, Range, TemplatePart } from "./syntax";
import { afterBraces, heredocAt, type Token } from "./tokens";

/** Reads what stands in the braces of a template: `${ … }`, or where it is a directive, `%{ … }`. */
interface ReadInner {
  (range: Range, isDirective: boolean): Expression;
}

/** The parts of a text in quotes or of a heredoc, as its token has them. */
export function templateParts(text: string, token: Token, read: ReadInner): readonly TemplatePart[] {
  if (token.kind === "text") {
    const parts = partsOf(text, { start: token.start + 1, end: token.end - 1 }, "\\", read);
    return parts.map((part) => (typeof part === "string" ? unescaped(part) : part));
  }
  const heredoc = heredocAt(text, token.start);
  if (!heredoc) return [];
  // The line that ends it is none of its text.
  const end = Math.max(text.lastIndexOf("\n", token.end - 1) + 1, heredoc.start);
  const parts = partsOf(text, { start: heredoc.start, end }, undefined, read);
  return heredoc.isIndented ? withoutIndentation(parts) : parts;
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g;
const SHORT: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, (_whole, short: string | undefined, long: string | undefined, sign: string) => {
    const code = short ?? long;
    if (code === undefined) return SHORT.get(sign) ?? sign;
    const point = parseInt(code, 16);
    return point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point);
  });
}

/** The parts of a template: what is literal, with doubled signs as one, and what is in braces. */
function partsOf(
  text: string,
  { start, end }: Range,
  escape: string | undefined,
  read: ReadInner,
): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = "";
  let from = start;
  let at = start;
  while (at < end) {
    const sign = text[at];
    if (sign !== "$" && sign !== "%") {
      at += sign === escape ? 2 : 1;
      continue;
    }
    let brace = at;
    while (text[brace] === sign) brace += 1;
    if (text[brace] !== "{" || brace >= end) at = brace;
    else if (brace - at >= 2) {
      // A doubled sign before a brace is one sign, and begins nothing.
      literal += text.slice(from, brace - 1);
      from = brace;
      at = brace + 1;
    } else {
      literal += text.slice(from, at);
      if (literal !== "") parts.push(literal);
      literal = "";
      const close = Math.min(afterBraces(text, brace + 1), end + 1);
      const of = read({ start: brace + 1, end: close - 1 }, sign === "%");
      parts.push({ of, range: { start: at, end: close } });
      at = from = close;
    }
  }
  literal += text.slice(from, Math.max(from, end));
  if (literal !== "") parts.push(literal);
  return parts;
}

/** A heredoc `<<-`: without the spaces that all of its lines begin with. Lines of spaces alone do not count, and stay. */
function withoutIndentation(parts: readonly TemplatePart[]): readonly TemplatePart[] {
  const lines = parts.flatMap((part): readonly TemplatePart[] =>
    typeof part === "string" ? part.split(/(?<=\n)/) : [part],
  );
  let least = Infinity;
  const begins: boolean[] = [];
  let isStart = true;
  for (const part of lines) {
    const isText = typeof part === "string";
    const isBlank = isText && part.trim() === "" && part.endsWith("\n");
    begins.push(isStart && isText && !isBlank);
    if (isStart && !isBlank) least = Math.min(least, isText ? part.length - part.trimStart().length : 0);
    isStart = isText && part.endsWith("\n");
  }
  const shorter = lines.map((part, index) => (typeof part === "string" && begins[index] ? part.slice(least) : part));
  return joined(shorter);
}

/** Texts beside each other as one. */
function joined(parts: readonly TemplatePart[]): readonly TemplatePart[] {
  const out: TemplatePart[] = [];
  let texts: string[] = [];
  const flush = () => {
    const text = texts.join("");
    if (text !== "") out.push(text);
    texts = [];
  };
  for (const part of parts) {
    if (typeof part === "string") texts.push(part);
    else {
      flush();
      out.push(part);
    }
  }
  flush();
  return out;
}
