/** A part of a text in Markdown. */
export type MarkdownPiece =
  | { readonly kind: "own"; readonly text: string }
  | { readonly kind: "foreign"; readonly text: string }
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "code-block"; readonly language: string; readonly content: string }
  | { readonly kind: "details"; readonly title: Markdown; readonly parts: readonly Markdown[] };

/**
 * A text in GitHub's Markdown, for comments, issues and summaries. Made by {@link md} and the functions beside it, never from a bare
 * string: a string is somebody else's until it is written into a template as a literal.
 */
export class Markdown {
  constructor(readonly pieces: readonly MarkdownPiece[]) {}
}

/** What may stand between `${` and `}` of {@link md}: a string is foreign, a number is written as it is. */
export type MarkdownValue = string | number | Markdown | readonly MarkdownValue[];

/**
 * A text in Markdown: what the template says is ours, what is interpolated is not. Foreign text is masked and then stays text on one
 * line: no Markdown, no HTML, no mention, no reference, no link. What GitHub would take for more than words is shown as code.
 *
 * @example md`**${environment}** is as the program says`
 */
export function md(literals: TemplateStringsArray, ...values: readonly MarkdownValue[]): Markdown {
  return new Markdown(
    literals.flatMap((own, index) => [
      ...(own === "" ? [] : [{ kind: "own", text: own } as const]),
      ...(index < values.length ? piecesOf(values[index] as MarkdownValue) : []),
    ]),
  );
}

function piecesOf(value: MarkdownValue): readonly MarkdownPiece[] {
  if (value instanceof Markdown) return value.pieces;
  if (typeof value === "number") return [{ kind: "own", text: String(value) }];
  if (typeof value === "string") return value === "" ? [] : [{ kind: "foreign", text: value }];
  return value.flatMap(piecesOf);
}

/** Texts with something of ours between them. */
export function joinMarkdown(values: readonly MarkdownValue[], separator: Markdown): Markdown {
  return new Markdown(values.flatMap((value, index) => [...(index === 0 ? [] : separator.pieces), ...piecesOf(value)]));
}

/** A fenced block of code, which its content cannot end. The language is ours: "text", "diff". */
export function codeBlock(language: "text" | "diff" | "json" | "hcl", content: string): Markdown {
  return new Markdown([{ kind: "code-block", language, content }]);
}

/** Something that is folded until somebody wants to see it. The title is a line of words without Markdown of its own. */
export function details(title: Markdown, parts: readonly Markdown[]): Markdown {
  return new Markdown([{ kind: "details", title, parts }]);
}

/** A comment of HTML, which nobody sees: what tells a text of ours from others. */
export function htmlComment(text: string): Markdown {
  return new Markdown([{ kind: "comment", text }]);
}

/** A table with a row for each list of cells. Lines within a cell are joined by {@link cellLines}. */
export function markdownTable(head: readonly MarkdownValue[], rows: readonly (readonly MarkdownValue[])[]): Markdown {
  const row = (cells: readonly MarkdownValue[]) => md`| ${joinMarkdown(cells, md` | `)} |`;
  return joinMarkdown(
    [
      row(head),
      md`| ${joinMarkdown(
        head.map(() => md`---`),
        md` | `,
      )} |`,
      ...rows.map(row),
    ],
    md`\n`,
  );
}

/** Lines within a cell of a table. */
export function cellLines(values: readonly MarkdownValue[]): Markdown {
  return joinMarkdown(values, md`<br>`);
}
