import { hcl, type HclText } from "./code";

/** A line of HCL before its equals signs are put below each other. */
export interface Line {
  readonly depth: number;
  /** What stands before an equals sign, or the whole line where it has none that is put below others. */
  readonly lead: HclText;
  /** The value, where it is complete on this line. */
  readonly value?: HclText;
}

/** An attribute: one line, or several where its value takes them. */
export function attributeLines(depth: number, name: HclText, value: readonly Line[] | HclText): readonly Line[] {
  if ("text" in value) return [{ depth, lead: name, value }];
  const [first, ...rest] = value;
  return [{ depth, lead: hcl`${name} = ${first?.lead ?? hcl``}` }, ...rest];
}

/** The text of lines, laid out as `nomad fmt` leaves it. */
export function layout(lines: readonly Line[]): string {
  const out: string[] = [];
  for (let start = 0; start < lines.length;) {
    let end = start + 1;
    if (lines[start]?.value !== undefined) while (lines[end]?.value !== undefined) end += 1;
    const run = lines.slice(start, end);
    const widths = run.map(({ lead, value }) => (value === undefined ? 0 : columns(lead.text)));
    const width = widths.reduce((widest, each) => Math.max(widest, each), 0);
    for (const [index, { depth, lead, value }] of run.entries()) {
      const indent = "  ".repeat(lead.text === "" ? 0 : depth);
      const gap = " ".repeat(width - (widths[index] ?? 0));
      out.push(value === undefined ? `${indent}${lead.text}\n` : `${indent}${lead.text}${gap} = ${value.text}\n`);
    }
    start = end;
  }
  return out.join("");
}

/** How wide a text is, counted in what a person takes for one sign. */
function columns(text: string): number {
  return [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)].length;
}
