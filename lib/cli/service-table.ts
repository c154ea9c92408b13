import type { ServiceRow } from "../operations";
import { style, table, term, type TerminalText } from "../text";

const STATUS: ReadonlyMap<string, TerminalText> = new Map([
  ["passing", style.green(term`passing`)],
  ["warning", style.yellow(term`warning`)],
  ["critical", style.red(term`critical`)],
  ["absent", style.red(term`absent`)],
  ["unknown", style.yellow(term`unknown`)],
  ["drained", style.yellow(term`drained`)],
]);

/** Services with where they are and how they are. */
export function serviceTable(services: readonly ServiceRow[]): TerminalText {
  const rows = services.map((row) => [
    row.service,
    row.address || term`-`,
    STATUS.get(row.status) ?? style.yellow(row.status),
    row.checks || term`none`,
    row.standIn ? style.yellow(term`stand-in`) : term``,
  ]);
  return table([term`SERVICE`, term`ADDRESS`, term`HEALTH`, term`CHECK`, term`PROGRAM`], rows);
}
