import type { ServiceRow } from "../operations";
import type { Terminal } from "./terminal";

/** Services with where they are and how they are. */
export function serviceTable(services: readonly ServiceRow[], terminal: Terminal): string {
  const { color } = terminal;
  const paint = { passing: color.green, warning: color.yellow, critical: color.red, absent: color.red };
  const rows = services.map((row) => [
    row.service,
    row.address || "-",
    paint[row.status](row.status),
    row.checks || "none",
    row.standIn ? color.yellow("stand-in") : "",
  ]);
  return terminal.table(["SERVICE", "ADDRESS", "HEALTH", "CHECK", "PROGRAM"], rows);
}
