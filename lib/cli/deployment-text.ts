import type { AllocationView, DeploymentView, GroupView, TaskDiagnosis } from "../operations";
import type { Terminal } from "./terminal";

/** A deployment as lines that fit a terminal: a line for each group, and one for each task of an allocation that is not healthy yet. */
export function deploymentLines(view: DeploymentView, terminal: Terminal, seconds: number): string {
  const { color } = terminal;
  const head = `${terminal.spinner} ${color.bold(view.job)}${view.version === undefined ? "" : ` version ${view.version}`} ${color.dim(`${seconds} s`)}`;
  // What is done takes one line, so that what is not finds room.
  if (view.status === "successful" || view.status === "unchanged")
    return terminal.fit(`${color.green("✓")} ${color.bold(view.job)} ${color.dim(view.status)}`);
  return [head, ...view.groups.flatMap((group) => groupLines(group, terminal))]
    .map((line) => terminal.fit(line))
    .join("\n");
}

function groupLines(group: GroupView, terminal: Terminal): string[] {
  const { color } = terminal;
  const done = group.desired > 0 && group.healthy >= group.desired;
  const canaries = group.canaries > 0 ? `, ${group.canaries} canaries${group.promoted ? " promoted" : ""}` : "";
  const line = `  ${done ? color.green("✓") : color.dim("·")} ${group.name.padEnd(10)} ${group.healthy}/${group.desired} healthy${canaries}${group.unhealthy > 0 ? color.red(`, ${group.unhealthy} unhealthy`) : ""}`;
  const blocked = group.blocked ? [`      ${color.red("no node")}: ${group.blocked}`] : [];
  const waiting = group.allocations.filter((allocation) => allocation.healthy !== true);
  return [line, ...blocked, ...waiting.flatMap((allocation) => allocationLines(allocation, terminal))];
}

function allocationLines(allocation: AllocationView, terminal: Terminal): string[] {
  const { color } = terminal;
  const tasks = allocation.tasks.filter((task) => !(task.state === "dead" && !task.failed));
  if (tasks.length === 0) return [`      ${color.dim(allocation.id.slice(0, 8))} ${allocation.status}`];
  return tasks.map((task) => {
    const state = task.failed
      ? color.red("failed")
      : task.state === "running"
        ? color.cyan("running")
        : color.dim(task.state);
    return `      ${color.dim(allocation.id.slice(0, 8))} ${task.name} ${state}${task.restarts > 0 ? color.yellow(` ${task.restarts} restarts`) : ""} ${color.dim(task.last)}`;
  });
}

/** The same for a place that cannot change lines: one line where something moved, else undefined. */
export function deploymentSummary(view: DeploymentView): string {
  const groups = view.groups.map(
    (group) =>
      `${group.name} ${group.healthy}/${group.desired}${group.unhealthy > 0 ? ` (${group.unhealthy} unhealthy)` : ""}${group.blocked ? ` (no node: ${group.blocked})` : ""}`,
  );
  return `  ${view.job}: ${view.status}${groups.length > 0 ? `, healthy: ${groups.join(", ")}` : ""}`;
}

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
