import type { TaskDiagnosis } from "../operations";
import type { Terminal } from "./terminal";

/** Why a task failed, on one screen. */
export function diagnosisText(diagnosis: TaskDiagnosis, terminal: Terminal): string {
  const { color } = terminal;
  const how = [
    diagnosis.exitCode === undefined ? "never ran" : `exit code ${diagnosis.exitCode}`,
    diagnosis.signal === undefined ? "" : `signal ${diagnosis.signal}`,
  ];
  const head = `${color.red("✗")} task ${color.bold(diagnosis.task)} of group ${diagnosis.group}, allocation ${diagnosis.allocation.slice(0, 8)}: ${how.filter(Boolean).join(", ")}`;
  const events = diagnosis.events.map(
    (event) => `    ${new Date(event.time).toISOString().slice(11, 19)} ${event.type}: ${event.message}`,
  );
  const logs = (["stderr", "stdout"] as const).flatMap((stream) => {
    const lines = diagnosis[stream];
    return lines.length === 0 ? [] : [`  last lines of ${stream}`, ...lines.map((line) => `    ${line}`)];
  });
  return [head, "  last events", ...events, ...logs].map((line) => terminal.fit(line)).join("\n");
}
