import { readSource } from "../../lib/hcl-source";

/** The lines of comments of a text of HCL that a program in TypeScript lacks. */
export function lostComments(hcl: string, program: string): readonly string[] {
  const kept = new Map<string, number>();
  for (const [, line = ""] of program.matchAll(/\/\/(.*)$/gm)) kept.set(line.trim(), (kept.get(line.trim()) ?? 0) + 1);
  const lines = readSource(hcl).comments.flatMap((comment) => comment.lines.map((line) => line.trim()));
  return lines.filter((line) => {
    const left = kept.get(line) ?? 0;
    kept.set(line, left - 1);
    return line !== "" && left === 0;
  });
}
