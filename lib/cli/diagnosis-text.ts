import { momentOf } from "../nomad";
import type { TaskDiagnosis } from "../operations";
import { join, joinLines, style, term, wrap, type TerminalText } from "../text";
import { BAD } from "./symbols";
import { taskText } from "./task-output";

/** Why a task failed, on one screen. */
export function diagnosisText(diagnosis: TaskDiagnosis): TerminalText {
  const how = [
    diagnosis.exitCode === undefined ? term`never ran` : term`exit code ${diagnosis.exitCode}`,
    ...(diagnosis.signal === undefined ? [] : [term`signal ${diagnosis.signal}`]),
  ];
  const head = term`${BAD} task ${style.bold(diagnosis.task)} of group ${diagnosis.group}, allocation ${diagnosis.allocation.slice(0, 8)}: ${join(how, term`, `)}`;
  const events = diagnosis.events.map((event) =>
    wrap(term`${timeOfDay(event.time)} ${event.type}: ${event.message}`, { indent: 4, hanging: 9 }),
  );
  const logs = (["stderr", "stdout"] as const).flatMap((stream) => {
    const lines = diagnosis[stream];
    return lines.length === 0
      ? []
      : [term`  last lines of ${stream}`, wrap(taskText(lines.join("\n")), { indent: 4, hanging: 2 })];
  });
  return joinLines([wrap(head, { hanging: 2 }), term`  last events`, ...events, ...logs]);
}

function timeOfDay(milliseconds: number): string {
  return momentOf(milliseconds * 1e6)?.slice(11, 19) ?? "--:--:--";
}
