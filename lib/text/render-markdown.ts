import { md, type Markdown, type MarkdownPiece } from "./markdown-text";
import { foreignHtml, foreignMarkdown } from "./markdown-words";
import { visible, visibleLines } from "./visible";

/** How a text is rendered. */
export interface MarkdownOptions {
  /** Hides secrets in a foreign text, before it is escaped. */
  readonly mask: (foreign: string) => string;
}

/** A text as GitHub takes it. */
export function renderMarkdown(text: Markdown, { mask }: MarkdownOptions): string {
  return render(text.pieces, mask, foreignMarkdown);
}

type Mask = (foreign: string) => string;

function render(pieces: readonly MarkdownPiece[], mask: Mask, words: (foreign: string) => string): string {
  let out = "";
  for (let index = 0; index < pieces.length; index += 1) {
    const piece = pieces[index] as MarkdownPiece;
    if (piece.kind !== "foreign") {
      out += renderPiece(piece, mask);
      continue;
    }
    // Foreign texts beside each other are read as one: each may be a word, and both together a reference.
    let foreign = mask(piece.text);
    for (let next = pieces[index + 1]; next?.kind === "foreign"; next = pieces[index + 1]) {
      foreign += mask(next.text);
      index += 1;
    }
    out += words(visible(foreign));
  }
  return out;
}

function renderPiece(piece: Exclude<MarkdownPiece, { kind: "foreign" }>, mask: Mask): string {
  switch (piece.kind) {
    case "own":
      return piece.text;
    case "comment":
      return `<!-- ${visible(piece.text)
        .replaceAll(/-(?=-)/g, "- ")
        .replaceAll(">", "&gt;")} -->`;
    case "code-block":
      return fenced(piece.language, visibleLines(mask(piece.content), "\t"));
    case "details": {
      // Within a summary stands HTML, in which GitHub reads no Markdown.
      const title = render(piece.title.pieces, mask, foreignHtml);
      const parts = piece.parts.map((part) => render(part.pieces, mask, foreignMarkdown));
      return ["<details>", `<summary>${title}</summary>`, "", parts.join("\n\n"), "", "</details>"].join("\n");
    }
  }
}

function fenced(language: string, content: string): string {
  let longest = 2;
  for (const [run] of content.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

/** How a text of several parts is rendered. */
export interface BodyOptions extends MarkdownOptions {
  /** Characters that the text may have, such as `LONGEST_BODY` of GitHub. */
  readonly longest: number;
  /** How to see all of it: the end of the sentence that says what is left out. */
  readonly otherwise: Markdown;
}

/**
 * A text of several parts. Where it is longer than it may be, whole parts are left out from the end, and that is said; a first part that
 * is too long by itself, such as a table, keeps the lines that fit.
 */
export function renderBody(head: Markdown, all: readonly Markdown[], options: BodyOptions): string {
  const { longest } = options;
  const parts = all.map((part) => renderMarkdown(part, options)).filter((part) => part !== "");
  const kept = [renderMarkdown(head, options)];
  const whole = [...kept, ...parts].join("\n\n");
  if (whole.length <= longest) return whole;
  let length = kept.join("").length;
  for (const [index, part] of parts.entries()) {
    const note = leftOut(parts.length - index, options);
    if (length + part.length + note.length + 4 > longest) {
      const lines = index === 0 ? linesThatFit(part, longest - length - note.length - 4) : [];
      if (lines.length > 2) kept.push(lines.join("\n"));
      kept.push(note);
      break;
    }
    kept.push(part);
    length += part.length + 2;
  }
  return kept.join("\n\n");
}

/** Lines of a table as far as there is room: its head, what parts it from the rows, and rows. */
function linesThatFit(part: string, room: number): readonly string[] {
  if (!part.startsWith("|")) return [];
  const lines = part.split("\n");
  let length = -1;
  const end = lines.findIndex((line) => (length += line.length + 1) > room);
  return end < 0 ? lines : lines.slice(0, end);
}

function leftOut(parts: number, options: BodyOptions): string {
  const what = parts === 1 ? md`part is` : md`parts are`;
  return renderMarkdown(
    md`_${parts} more ${what} left out: a comment holds ${options.longest} characters._ ${options.otherwise}`,
    options,
  );
}
