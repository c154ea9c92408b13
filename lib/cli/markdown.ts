import { LONGEST_BODY } from "../github";

/** A text of several parts; where it is longer than GitHub takes, whole parts are left out from the end, and that is said. */
export function bodyOf(head: string, all: readonly string[], longest = LONGEST_BODY): string {
  const parts = all.filter((part) => part !== "");
  const whole = [head, ...parts].join("\n\n");
  if (whole.length <= longest) return whole;
  const kept = [head];
  let length = head.length;
  for (const [index, part] of parts.entries()) {
    const note = leftOut(parts.length - index);
    if (length + part.length + note.length + 4 > longest) {
      // A table that is too long by itself keeps the rows that fit.
      const room = longest - length - note.length - 4;
      const rows = index === 0 ? part.split("\n") : [];
      while (rows.length > 2 && rows.join("\n").length > room) rows.pop();
      if (rows.length > 2) kept.push(rows.join("\n"));
      kept.push(note);
      return kept.join("\n\n");
    }
    kept.push(part);
    length += part.length + 2;
  }
  return kept.join("\n\n");
}

function leftOut(parts: number): string {
  return `_${parts} more ${parts === 1 ? "part is" : "parts are"} left out: a comment holds ${LONGEST_BODY} characters. See all of it with \`cdk-nomad preview\`._`;
}

/** Something that is folded until somebody wants to see it. */
export function details(title: string, parts: readonly string[]): string {
  return ["<details>", `<summary>${title}</summary>`, "", parts.join("\n\n"), "", "</details>"].join("\n");
}

/** A block of code that its content cannot end. */
export function codeBlock(language: string, content: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

/** Text that is neither Markdown nor HTML, and mentions nobody. */
export function plainText(content: string): string {
  return content
    .replaceAll(/[\\`*_{}[\]()#+!|~]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "@\u200b");
}

/** The same for a cell of a table. */
export function inCell(content: string): string {
  return plainText(content).replaceAll("\n", " ");
}
