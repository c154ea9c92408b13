import type { TaskEvent } from "./answers";

/** Events of a task that say nothing of why it is where it is. */
const SILENT: readonly string[] = ["Alloc Unhealthy", "Received", "Task Setup", "Not Restarting", "Killing", "Killed"];

/** Whether an event of a task says why the task is where it is. */
export function tellsWhy({ Type }: Pick<TaskEvent, "Type">): boolean {
  return !SILENT.includes(Type);
}
