/** The lines of a comment, without their marks and without the empty lines around them. */
export function linesOf(comment: string): readonly string[] {
  const isLong = comment.startsWith("/*");
  const inner = isLong
    ? comment.slice(2, comment.length > 3 && comment.endsWith("*/") ? -2 : undefined)
    : comment.slice(comment.startsWith("#") ? 1 : 2).replace(/^[ \t]/, "");
  const lines = inner.split("\n").map((line) => (isLong ? line.replace(/^\s*\*? ?/, "") : line).trimEnd());
  const first = lines.findIndex((line) => line !== "");
  const last = lines.findLastIndex((line) => line !== "");
  return first < 0 ? [] : lines.slice(first, last + 1);
}
