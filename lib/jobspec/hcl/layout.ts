/** A line of HCL before its equals signs are put below each other. */
export interface Line {
  readonly depth: number;
  /** What stands before an equals sign, or the whole line where it has none that is put below others. */
  readonly lead: string;
  /** The value, where it is complete on this line. */
  readonly value?: string;
}

/** An attribute: one line, or several where its value takes them. */
export function attributeLines(depth: number, name: string, value: readonly Line[] | string): readonly Line[] {
  if (typeof value === "string") return [{ depth, lead: name, value }];
  const [first, ...rest] = value;
  return [{ depth, lead: `${name} = ${first?.lead ?? ""}` }, ...rest];
}

/** The text of lines, laid out as `nomad fmt` leaves it. */
export function layout(lines: readonly Line[]): string {
  let out = "";
  for (let start = 0; start < lines.length;) {
    let end = start + 1;
    if (lines[start]?.value !== undefined) while (lines[end]?.value !== undefined) end += 1;
    const run = lines.slice(start, end);
    const width = Math.max(...run.map(({ lead }) => columns(lead)));
    for (const { depth, lead, value } of run) {
      const indent = "  ".repeat(lead === "" ? 0 : depth);
      const gap = " ".repeat(width - columns(lead));
      out += value === undefined ? `${indent}${lead}\n` : `${indent}${lead}${gap} = ${value}\n`;
    }
    start = end;
  }
  return out;
}

/** How wide a text is, counted in what a person takes for one sign. */
function columns(text: string): number {
  return [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)].length;
}
