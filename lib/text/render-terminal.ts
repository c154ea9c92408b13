import picocolors from "picocolors";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { commandLine, withoutCommands } from "./runner";
import type { Piece, TerminalText } from "./terminal-text";
import { visible, visibleJson, visibleLines } from "./visible";

/** How a text is rendered. */
export interface TerminalOptions {
  /** Whether styles become codes. */
  readonly color: boolean;
  /** Puts our own words into those of whoever reads them, such as how they call the program. Default: they stay as they are. */
  readonly say?: (own: string) => string;
  /** Hides secrets in a foreign text, before it is escaped. */
  readonly mask: (foreign: string) => string;
  /** Columns of the terminal. Default: not known, so nothing is wrapped and nothing cut. */
  readonly width?: number;
}

/**
 * A text as bytes for a terminal: foreign text is masked, then shown and not obeyed, and no line is a command to GitHub's runner but
 * those of `workflowCommand`.
 */
export function renderTerminal(text: TerminalText, options: TerminalOptions): string {
  const renderer = new Renderer(options);
  let out = "";
  let plain: Piece[] = [];
  const flush = () => {
    out += withoutCommands(renderer.pieces(plain));
    plain = [];
  };
  for (const piece of text.pieces) {
    // Only on a line of its own is it a command, and only there it is left as one.
    const exact = piece.kind === "word" || piece.kind === "json" || piece.kind === "command";
    if (!exact) {
      plain.push(piece);
      continue;
    }
    flush();
    out += renderer.piece(piece);
  }
  flush();
  return out;
}

/** Columns that a rendered text takes. */
export function widthOf(rendered: string): number {
  return stringWidth(rendered);
}

/** A column of a table is never less wide than this. */
const NARROWEST = 12;
const GAP = 2;

class Renderer {
  readonly #colors: ReturnType<typeof picocolors.createColors>;

  constructor(private readonly options: TerminalOptions) {
    this.#colors = picocolors.createColors(options.color);
  }

  pieces(pieces: readonly Piece[]): string {
    return pieces.map((piece) => this.piece(piece)).join("");
  }

  piece(piece: Piece): string {
    const { mask, say } = this.options;
    switch (piece.kind) {
      case "own":
        return say ? say(piece.text) : piece.text;
      case "word":
        return piece.text;
      case "foreign":
        return piece.lines ? visibleLines(mask(piece.text), "    ") : visible(mask(piece.text));
      case "styled":
        return this.styled(piece);
      case "wrapped":
        return this.wrapped(piece);
      case "fitted":
        return this.fitted(this.pieces(piece.text.pieces));
      case "table":
        return this.table(piece);
      case "json":
        return visibleJson(JSON.stringify(masked(piece.value, mask), null, 2) ?? "null");
      case "command":
        return commandLine(piece.name, piece.properties, piece.message, mask);
    }
  }

  /** Each line has codes of its own, so that lines can be put beside others. */
  private styled({ style, text }: Piece & { kind: "styled" }): string {
    const paint = this.#colors[style];
    return this.pieces(text.pieces)
      .split("\n")
      .map((line) => (line === "" ? line : paint(line)))
      .join("\n");
  }

  private wrapped({ text, indent, hanging }: Piece & { kind: "wrapped" }): string {
    const { width } = this.options;
    const lines = this.pieces(text.pieces)
      .split("\n")
      .flatMap((line) => {
        const parts =
          width === undefined
            ? [line]
            : wrapAnsi(line, Math.max(1, width - indent - hanging), { hard: true, trim: false }).split("\n");
        return parts.map((part, index) => `${" ".repeat(indent + (index === 0 ? 0 : hanging))}${part}`.trimEnd());
      });
    return lines.join("\n");
  }

  private fitted(rendered: string): string {
    const { width } = this.options;
    if (width === undefined) return rendered;
    return rendered
      .split("\n")
      .map((line) => wrapAnsi(line, width, { hard: true, trim: false }).split("\n")[0] ?? "")
      .join("\n");
  }

  private table({ head, rows }: Piece & { kind: "table" }): string {
    const titles = head.map((title) => this.#colors.dim(this.pieces(title.pieces)));
    const cells = rows.map((row) => row.map((cell) => this.pieces(cell.pieces)));
    const all = [titles, ...cells];
    const widths = titles.map((_title, column) =>
      Math.max(...all.flatMap((row) => (row[column] ?? "").split("\n").map((line) => stringWidth(line)))),
    );
    const available = this.options.width ?? Infinity;
    // Whatever does not fit is taken from the widest, so that no column is squeezed while another has room.
    for (let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - available; excess > 0; excess -= 1) {
      const widest = widths.indexOf(Math.max(...widths));
      if ((widths[widest] ?? 0) <= NARROWEST) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
    return all.flatMap((row) => rowLines(row, widths)).join("\n");
  }
}

function rowLines(row: readonly string[], widths: readonly number[]): readonly string[] {
  const cells = row.map((cell, column) =>
    cell
      .split("\n")
      .flatMap((line) =>
        stringWidth(line) <= (widths[column] ?? 0)
          ? [line]
          : wrapAnsi(line, widths[column] ?? 0, { hard: true, trim: false }).split("\n"),
      ),
  );
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_none, index) =>
    cells
      .map((lines, column) => {
        const line = lines[index] ?? "";
        return line + " ".repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(line)) + GAP);
      })
      .join("")
      .trimEnd(),
  );
}

/** A value of JSON with its strings masked. */
function masked(value: unknown, mask: (foreign: string) => string): unknown {
  return typeof value === "string"
    ? mask(value)
    : Array.isArray(value)
      ? value.map((item) => masked(item, mask))
      : typeof value === "object" && value !== null && !("toJSON" in value)
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, mask)]))
        : value;
}
