/** Colours and weights of a terminal. */
export type Style = "red" | "green" | "yellow" | "cyan" | "bold" | "dim";

/** A part of a text: our own words, words of somebody else, or a part that is laid out when it is rendered. */
export type Piece =
  | { readonly kind: "own"; readonly text: string }
  | { readonly kind: "foreign"; readonly text: string; readonly lines: boolean }
  | { readonly kind: "styled"; readonly style: Style; readonly text: TerminalText }
  | { readonly kind: "wrapped"; readonly text: TerminalText; readonly indent: number; readonly hanging: number }
  | { readonly kind: "fitted"; readonly text: TerminalText }
  | {
      readonly kind: "table";
      readonly head: readonly TerminalText[];
      readonly rows: readonly (readonly TerminalText[])[];
    }
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "word"; readonly text: string }
  | {
      readonly kind: "command";
      readonly name: string;
      readonly properties: Readonly<Record<string, string | number | undefined>>;
      readonly message: string;
    };

/**
 * A text for a terminal. Made by {@link term} and the functions beside it, never from a bare string: a string is somebody else's
 * until it is written into a template as a literal.
 */
export class TerminalText {
  constructor(readonly pieces: readonly Piece[]) {}
}

/** What may stand between `${` and `}` of {@link term}: a string is foreign, a number is written as it is. */
export type TerminalValue = string | number | TerminalText | readonly TerminalValue[];

/**
 * A text for a terminal: what the template says is ours, what is interpolated is not. Foreign text is masked, and then shown rather
 * than obeyed, when the text is rendered.
 *
 * @example term`${style.green("✓")} ${job} is healthy`
 */
export function term(literals: TemplateStringsArray, ...values: readonly TerminalValue[]): TerminalText {
  return new TerminalText(
    literals.flatMap((own, index) => [
      ...(own === "" ? [] : [{ kind: "own", text: own } as const]),
      ...(index < values.length ? piecesOf(values[index] as TerminalValue) : []),
    ]),
  );
}

/** A value as a text. */
function textOf(value: TerminalValue): TerminalText {
  return value instanceof TerminalText ? value : new TerminalText(piecesOf(value));
}

function piecesOf(value: TerminalValue): readonly Piece[] {
  if (value instanceof TerminalText) return value.pieces;
  if (typeof value === "number") return [{ kind: "own", text: String(value) }];
  if (typeof value === "string") return value === "" ? [] : [{ kind: "foreign", text: value, lines: false }];
  return value.flatMap(piecesOf);
}

function styled(style: Style): (value: TerminalValue) => TerminalText {
  return (value) => new TerminalText([{ kind: "styled", style, text: textOf(value) }]);
}

/** Colours and weights, decided when the text is rendered. A string that is given is foreign. */
export const style: Readonly<Record<Style, (value: TerminalValue) => TerminalText>> = {
  red: styled("red"),
  green: styled("green"),
  yellow: styled("yellow"),
  cyan: styled("cyan"),
  bold: styled("bold"),
  dim: styled("dim"),
};

/** Texts with something of ours between them. */
export function join(values: readonly TerminalValue[], separator: TerminalText): TerminalText {
  return new TerminalText(
    values.flatMap((value, index) => [...(index === 0 ? [] : separator.pieces), ...piecesOf(value)]),
  );
}

/** Texts below each other. */
export function joinLines(values: readonly TerminalValue[]): TerminalText {
  return join(values, term`\n`);
}

/** Foreign text of several lines, such as a log: its line breaks stay, everything else that would act is shown. */
export function block(foreign: string): TerminalText {
  return new TerminalText([{ kind: "foreign", text: foreign, lines: true }]);
}

/**
 * A text whose lines go on below where the terminal ends: `indent` columns from the left, and `hanging` more from the second on. Where
 * the width is not known, as in a pipe, only the indent is made.
 */
export function wrap(value: TerminalValue, { indent = 0, hanging = 0 } = {}): TerminalText {
  return new TerminalText([{ kind: "wrapped", text: textOf(value), indent, hanging }]);
}

/** A text each of whose lines is cut where the terminal ends; whole where the width is not known. */
export function fit(value: TerminalValue): TerminalText {
  return new TerminalText([{ kind: "fitted", text: textOf(value) }]);
}

/** A table without frames, as wide as the terminal at most, and as wide as it needs where the width is not known. */
export function table(head: readonly TerminalValue[], rows: readonly (readonly TerminalValue[])[]): TerminalText {
  return new TerminalText([{ kind: "table", head: head.map(textOf), rows: rows.map((row) => row.map(textOf)) }]);
}

/** A value as JSON for programs; its strings are masked, and the characters that would act are written as JSON's escapes. */
export function jsonText(value: unknown): TerminalText {
  return new TerminalText([{ kind: "json", value }]);
}
