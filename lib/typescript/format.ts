import { LONG, type TypeScriptText } from "./code";

/** Wider than a line, so that what stands in for a long string is laid out as one. */
const WIDE = "_".repeat(150);

/**
 * A program in the usual form. What formats it is large, and no one else waits for it. It takes minutes for strings of megabytes, so
 * that others of the same form stand in for long ones meanwhile.
 */
export async function formatted({ text }: TypeScriptText): Promise<string> {
  const [{ format }, estree, typescript] = await Promise.all([
    import("prettier/standalone"),
    import("prettier/plugins/estree"),
    import("prettier/plugins/typescript"),
  ]);
  const parts = text.split(LONG);
  const mark = markFor(parts.filter((_part, index) => index % 2 === 0));
  const short = parts.map((part, index) => (index % 2 === 0 ? part : standIn(part, `${mark}${index}`)));
  const program = await format(short.join(""), {
    parser: "typescript",
    plugins: [estree, typescript],
    printWidth: 120,
    embeddedLanguageFormatting: "off",
  });
  return program
    .split(new RegExp(`["\`]${mark}(\\d+)[_\\n]+["\`]`))
    .map((part, index) => (index % 2 === 0 ? part : (parts[Number(part)] ?? "")))
    .join("");
}

/** A string of the same form as a long one: in quotes, or over several lines. */
function standIn(long: string, name: string): string {
  return long.startsWith("`") ? `\`${name}\n${WIDE}\`` : `"${name}${WIDE}"`;
}

/** A name that is nowhere in the program. */
function markFor(parts: readonly string[]): string {
  let mark = "long-string-";
  while (parts.some((part) => part.includes(mark))) mark += "x-";
  return mark;
}
