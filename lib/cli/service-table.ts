import type { ServiceRow } from "../operations";
import { joinLines, style, table, term, wrap, type TerminalText } from "../text";
import { ATTENTION } from "./symbols";

const STATUS: ReadonlyMap<string, TerminalText> = new Map([
  ["passing", style.green(term`passing`)],
  ["warning", style.yellow(term`warning`)],
  ["critical", style.red(term`critical`)],
  ["absent", style.red(term`absent`)],
  ["unknown", style.yellow(term`unknown`)],
  ["drained", style.yellow(term`drained`)],
]);

/** Services with where they are and how they are, and why that is not known of some. */
export function serviceTable(services: readonly ServiceRow[]): TerminalText {
  const rows = services.map((row) => [
    row.service,
    row.address || term`-`,
    STATUS.get(row.status) ?? style.yellow(row.status),
    row.checks || term`none`,
    row.standIn ? style.yellow(term`stand-in`) : term``,
  ]);
  const problems = new Map(
    services.flatMap(({ service, problem }) => (problem === undefined ? [] : [[service, problem]])),
  );
  return joinLines([
    table([term`SERVICE`, term`ADDRESS`, term`HEALTH`, term`CHECK`, term`PROGRAM`], rows),
    ...[...problems].map(([service, problem]) =>
      wrap(term`${ATTENTION} how service ${style.bold(service)} is is not known: ${problem}`, { hanging: 2 }),
    ),
  ]);
}
