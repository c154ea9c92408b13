import type { SecretSpan } from "./forms";
import { isSecretPair } from "./pairs";
import { suspicionOf } from "./names";

/** More columns, or longer lines, are of no table that somebody wrote. */
const [MOST_COLUMNS, LONGEST_LINE] = [100, 4000];

/** A cell of a line. */
interface Cell {
  readonly start: number;
  readonly text: string;
}

/**
 * Values that stand below the names of their columns: in CSV, with tabs or semicolons, in tables of Markdown, and what SQL inserts. Linear in the text.
 */
export function tableSpans(text: string): SecretSpan[] {
  return [...ofLines(text), ...ofInserts(text)];
}

function ofLines(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  let table: { readonly separator: string; readonly names: readonly string[] } | undefined;
  for (let start = 0; start < text.length;) {
    const next = text.indexOf("\n", start);
    const end = next < 0 ? text.length : next;
    const line = end - start > LONGEST_LINE ? "" : text.slice(start, end);
    const cells = table && cellsOf(line, start, table.separator);
    if (table && cells?.length === table.names.length) addCells(table.names, cells, found);
    else table = headOf(line);
    start = end + 1;
  }
  return found;
}

/** The names of columns, where a line is the head of a table with one that is secret. */
function headOf(line: string): { readonly separator: string; readonly names: readonly string[] } | undefined {
  const separator = /[,;\t|]/.exec(line)?.[0];
  if (separator === undefined) return undefined;
  const names = cellsOf(line, 0, separator).map(({ text }) => text);
  const areNames =
    names.length <= MOST_COLUMNS && names.every((name) => /^[\p{L}_][\p{L}\p{M}\w .-]{0,60}$/u.test(name));
  return areNames && names.some((name) => suspicionOf(name) === "secret") ? { separator, names } : undefined;
}

function addCells(names: readonly string[], cells: readonly Cell[], found: SecretSpan[]): void {
  names.forEach((name, index) => {
    const { start, text } = cells[index] as Cell;
    if (text === "" || /^:?-+:?$/.test(text) || !isSecretPair(name, text)) return;
    found.push({ start, end: start + text.length, what: `the value of ${name}`, certain: false });
  });
}

/** The cells of a line, without the spaces and the quotes around them. A line of Markdown has a sign at both its ends. */
function cellsOf(line: string, offset: number, separator: string): readonly Cell[] {
  const cells: Cell[] = [];
  let start = 0;
  for (const each of line.split(separator)) {
    const bare = each.trim();
    const isQuoted = /^(["']).*\1$/s.test(bare) && bare.length > 1;
    const text = isQuoted ? bare.slice(1, -1) : bare;
    cells.push({ start: offset + start + each.indexOf(bare) + (isQuoted ? 1 : 0), text });
    start += each.length + 1;
  }
  const isFramed = separator === "|" && cells.length > 2 && cells[0]?.text === "" && cells.at(-1)?.text === "";
  return isFramed ? cells.slice(1, -1) : cells;
}

const INSERT =
  /\b(?:INSERT|REPLACE)\s{1,9}INTO\s{1,9}[\w.`"[\]]{1,200}\s{0,9}\(([^()]{1,4000})\)\s{0,9}VALUES\s{0,9}/gi;
const TUPLE =
  /\s{0,9}\(((?:[^()'"]|'(?:[^'\\]|\\.){0,4000}'|"(?:[^"\\]|\\.){0,4000}"|\([^()]{0,400}\)){1,8000})\)\s{0,9},?/y;

function ofInserts(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  for (const { index, 0: whole, 1: columns = "" } of text.matchAll(INSERT)) {
    const names = columns.split(",").map((name) => name.trim().replaceAll(/^[`"[]|[`"\]]$/g, ""));
    if (!names.some((name) => suspicionOf(name) === "secret")) continue;
    const tuples = new RegExp(TUPLE);
    tuples.lastIndex = index + whole.length;
    for (let tuple = tuples.exec(text); tuple; tuple = tuples.exec(text)) {
      const inside = tuple[1] ?? "";
      addCells(names, valuesOf(inside, tuple.index + tuple[0].indexOf("(") + 1, names.length), found);
    }
  }
  return found;
}

/** The values of a tuple of SQL: a text without its quotes, or nothing for what is none. */
function valuesOf(tuple: string, offset: number, count: number): readonly Cell[] {
  const values = [...tuple.matchAll(/'((?:[^'\\]|\\.|'')*)'|"((?:[^"\\]|\\.)*)"|\([^()]*\)|[^,'"()]+|,/g)];
  const cells: Cell[] = [];
  let cell: Cell = { start: offset, text: "" };
  for (const { index, 0: whole, 1: single, 2: double } of values) {
    const text = single ?? double;
    if (whole === ",") {
      cells.push(cell);
      cell = { start: offset + index + 1, text: "" };
    } else if (text !== undefined) cell = { start: offset + index + 1, text };
  }
  cells.push(cell);
  return Array.from({ length: count }, (_none, index) => cells[index] ?? { start: offset, text: "" });
}
