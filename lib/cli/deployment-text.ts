import type { AllocationView, DeploymentView, FailingCheck, GroupView, JobOutcome, Reason } from "../operations";
import { diagnosisText } from "./diagnosis-text";
import type { Terminal } from "./terminal";

/** A deployment as lines that fit a terminal: a line for each group, and one for each task of an allocation that is not healthy yet. */
export function deploymentLines(view: DeploymentView, terminal: Terminal, seconds: number): string {
  const { color } = terminal;
  const name = color.bold(view.job) + (view.region === undefined ? "" : ` in ${view.region}`);
  // What is done takes one line, so that what is not finds room.
  if (view.status === "successful" || view.status === "unchanged")
    return terminal.fit(`${color.green("✓")} ${name} ${color.dim(view.status)}`);
  const version = view.version === undefined ? "" : ` version ${view.version}`;
  const head = `${terminal.spinner} ${name}${version} ${color.dim(`${seconds} s`)}`;
  return [head, ...view.groups.flatMap((group) => groupLines(group, terminal))]
    .map((line) => terminal.fit(line))
    .join("\n");
}

function groupLines(group: GroupView, terminal: Terminal): string[] {
  const { color } = terminal;
  const done = group.desired > 0 && group.healthy >= group.desired;
  const parts = [
    `${group.healthy}/${group.desired} healthy`,
    ...(group.canaries > 0 ? [canaries(group)] : []),
    ...(group.unhealthy > 0 ? [color.red(`${group.unhealthy} unhealthy`)] : []),
    ...(done || group.deadline === undefined ? [] : [color.dim(`deadline in ${timeUntil(group.deadline)}`)]),
  ];
  const line = `  ${done ? color.green("✓") : color.dim("·")} ${group.name.padEnd(10)} ${parts.join(", ")}`;
  const blocked = group.blocked ? [`      ${color.red("no node")}: ${group.blocked}`] : [];
  const waiting = group.allocations.filter((allocation) => allocation.healthy !== true);
  return [line, ...blocked, ...waiting.flatMap((allocation) => allocationLines(allocation, terminal))];
}

function canaries({ canaries: count, promoted }: GroupView): string {
  return `${count} ${count === 1 ? "canary" : "canaries"}${promoted ? " promoted" : ""}`;
}

function timeUntil(deadline: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(deadline) - Date.now()) / 1000));
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function allocationLines(allocation: AllocationView, terminal: Terminal): string[] {
  const { color } = terminal;
  const id = color.dim(allocation.id.slice(0, 8));
  const tasks = allocation.tasks.filter((task) => !(task.state === "dead" && !task.failed));
  const checks = allocation.checks.map((check) => `      ${id} ${checkText(check, terminal)}`);
  if (tasks.length === 0) return [`      ${id} ${allocation.status}`, ...checks];
  const lines = tasks.map((task) => {
    const state = task.failed
      ? color.red("failed")
      : task.state === "running"
        ? color.cyan("running")
        : color.dim(task.state);
    return `      ${id} ${task.name} ${state}${task.restarts > 0 ? color.yellow(` ${task.restarts} restarts`) : ""} ${color.dim(task.last)}`;
  });
  return [...lines, ...checks];
}

/** A check that does not pass, on one line. */
export function checkText({ service, check, status, output }: FailingCheck, { color }: Terminal): string {
  return `${color.yellow(status)} check "${check}" of ${service}: ${oneLine(output) || "(no answer yet)"}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** The same for a place that cannot change lines: one line. */
export function deploymentSummary(view: DeploymentView): string {
  const groups = view.groups.map((group) => {
    const parts = [
      ...(group.canaries > 0 ? [canaries(group)] : []),
      ...(group.unhealthy > 0 ? [`${group.unhealthy} unhealthy`] : []),
      ...(group.blocked ? [`no node: ${group.blocked}`] : []),
    ];
    return `${group.name} ${group.healthy}/${group.desired}${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
  });
  const name = view.region === undefined ? view.job : `${view.job} in ${view.region}`;
  return `  ${name}: ${view.status}${groups.length > 0 ? `, healthy: ${groups.join(", ")}` : ""}`;
}

/** How a deployment ended, with what is known where it failed. */
export function outcomeText(
  outcome: JobOutcome,
  { terminal, seconds, environment }: { terminal: Terminal; seconds: number; environment: string },
): string {
  const { color } = terminal;
  const { view } = outcome;
  const name = view.region === undefined ? view.job : `${view.job} in ${view.region}`;
  const which = `${name}${view.version === undefined ? "" : ` version ${view.version}`}`;
  const good = color.green("✓");
  switch (outcome.result) {
    case "healthy":
      return `${good} ${which} is healthy, ${seconds} s after the start`;
    case "complete":
      return `${good} ${which} ended well, ${seconds} s after the start`;
    case "registered":
      return `${good} ${name} is registered; there is no deployment to wait for`;
    case "unchanged":
      return `${good} ${name} is as it was`;
    case "detached":
      return `${good} ${name} is given to Nomad; watch it with: cdk-nomad status ${environment} --watch`;
    case "waiting-for-promotion":
      return `${color.yellow("!")} ${which}: the canaries are healthy and wait for: cdk-nomad promote ${environment} --job ${view.job}`;
    case "timed-out":
      return [
        `${color.yellow("!")} ${which} is not done in time; Nomad goes on. Come back with: cdk-nomad status ${environment} --watch`,
        deploymentSummary(view),
        ...reasonLines(outcome.reasons, terminal),
      ].join("\n");
    case "failed":
      return failureText(outcome, which, environment, terminal);
  }
}

/** Reasons, each on a line of its own or on more where it is longer. */
export function reasonLines(reasons: readonly Reason[], terminal: Terminal): readonly string[] {
  return reasons.flatMap(({ message }) => terminal.wrap(message, 2));
}

function failureText(outcome: JobOutcome, which: string, environment: string, terminal: Terminal): string {
  const { color } = terminal;
  const { view, reasons, diagnoses, untouched } = outcome;
  const why = untouched
    ? "is registered as the program says, and does not run as it shall"
    : view.status === "running"
      ? "not healthy; Nomad itself goes on trying until the progress deadline"
      : view.description || view.status;
  const stopped = reasons.some(({ kind }) => kind === "stopped");
  const again = untouched && !stopped ? [`  try it again with: cdk-nomad deploy ${environment} --force`] : [];
  return [
    `${color.red("✗")} ${which}: ${why}`,
    ...reasonLines(reasons, terminal),
    ...diagnoses.map((diagnosis) => diagnosisText(diagnosis, terminal)),
    ...again,
  ].join("\n");
}
