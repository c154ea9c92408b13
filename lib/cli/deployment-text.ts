import type { AllocationView, DeploymentView, FailingCheck, GroupView, JobOutcome, Reason } from "../operations";
import { fit, join, joinLines, shellQuoted, style, term, wrap, type TerminalText } from "../text";
import { diagnosisText } from "./diagnosis-text";
import { ATTENTION, BAD, GOOD } from "./symbols";

/** What is shown beside a deployment that goes on. */
export interface Moment {
  readonly spinner: TerminalText;
  /** Since the start. */
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * A deployment as moving lines, cut where the terminal ends: a line for each group, and one for each task of an allocation that is not
 * healthy yet.
 */
export function deploymentLines(view: DeploymentView, { spinner, seconds, now }: Moment): TerminalText {
  const name = term`${style.bold(view.job)}${inRegion(view)}`;
  // What is done takes one line, so that what is not finds room.
  if (view.status === "successful" || view.status === "unchanged")
    return fit(term`${GOOD} ${name} ${style.dim(view.status)}`);
  const version = view.version === undefined ? term`` : term` version ${view.version}`;
  const head = term`${spinner} ${name}${version} ${style.dim(term`${seconds} s`)}`;
  return fit(joinLines([head, ...view.groups.flatMap((group) => groupLines(group, now))]));
}

function groupLines(group: GroupView, now: number): readonly TerminalText[] {
  const isEmpty = group.desired === 0 && group.placed === 0 && group.canaries === 0 && !group.blocked;
  const done = isEmpty || (group.desired > 0 && group.healthy >= group.desired);
  const parts = [
    healthInWords(group),
    ...(group.canaries > 0 ? [canaries(group)] : []),
    ...(group.unhealthy > 0 ? [style.red(term`${group.unhealthy} unhealthy`)] : []),
    ...(done || group.deadline === undefined ? [] : [style.dim(term`deadline in ${timeUntil(group.deadline, now)}`)]),
  ];
  const line = term`  ${done ? GOOD : style.dim(term`·`)} ${group.name.padEnd(10)} ${join(parts, term`, `)}`;
  const blocked = group.blocked ? [term`      ${style.red(term`no node`)}: ${group.blocked}`] : [];
  const waiting = group.allocations.filter((allocation) => allocation.healthy !== true);
  return [line, ...blocked, ...waiting.flatMap(allocationLines)];
}

function healthInWords({ healthy, desired }: GroupView): TerminalText {
  if (desired === 0 && healthy === 0) return term`has the count 0`;
  return term`${healthy} of ${desired} healthy`;
}

function canaries({ canaries: count, promoted }: GroupView): TerminalText {
  return term`${count} ${count === 1 ? term`canary` : term`canaries`}${promoted ? term` promoted` : term``}`;
}

function timeUntil(deadline: string, now: number): TerminalText {
  const seconds = Math.max(0, Math.round((Date.parse(deadline) - now) / 1000));
  return seconds < 90 ? term`${seconds} s` : term`${Math.round(seconds / 60)} min`;
}

function allocationLines(allocation: AllocationView): readonly TerminalText[] {
  const id = style.dim(shortId(allocation.id));
  const tasks = allocation.tasks.filter((task) => !(task.state === "dead" && !task.failed));
  const checks = allocation.checks.map((check) => term`      ${id} ${checkText(check)}`);
  if (tasks.length === 0) return [term`      ${id} ${allocation.status}`, ...checks];
  const lines = tasks.map((task) => {
    const state = task.failed
      ? style.red(term`failed`)
      : task.state === "running"
        ? style.cyan(term`running`)
        : style.dim(task.state);
    const restarts = task.restarts > 0 ? style.yellow(term` ${task.restarts} restarts`) : term``;
    return term`      ${id} ${task.name} ${state}${restarts} ${style.dim(task.last)}`;
  });
  return [...lines, ...checks];
}

/** A check that does not pass, on one line. */
function checkText({ service, check, status, output }: FailingCheck): TerminalText {
  const answer = oneLine(output);
  return term`${style.yellow(status)} check "${check}" of ${service}: ${answer === "" ? term`(no answer yet)` : answer}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function shortId(id: string): string {
  return id.slice(0, 8);
}

/** " in us-west", where a deployment is of one region of several. */
function inRegion({ region }: Pick<DeploymentView, "region">): TerminalText {
  return region === undefined ? term`` : term` in ${region}`;
}

/** A deployment on one line, for a place that cannot change lines. */
export function deploymentSummary(view: DeploymentView): TerminalText {
  const groups = view.groups.map((group) => {
    const parts = [
      ...(group.canaries > 0 ? [canaries(group)] : []),
      ...(group.unhealthy > 0 ? [term`${group.unhealthy} unhealthy`] : []),
      ...(group.blocked ? [term`no node: ${group.blocked}`] : []),
    ];
    const more = parts.length > 0 ? term` (${join(parts, term`, `)})` : term``;
    return term`${group.name} ${healthInWords(group)}${more}`;
  });
  const health = groups.length > 0 ? term`; ${join(groups, term`, `)}` : term``;
  return wrap(term`${view.job}${inRegion(view)}: ${view.status}${health}`, { indent: 2, hanging: 2 });
}

/** How a deployment ended, with what is known where it failed. */
export function outcomeText(
  outcome: JobOutcome,
  { seconds, environment }: { readonly seconds: number; readonly environment: string },
): TerminalText {
  const { view } = outcome;
  const name = term`${view.job}${inRegion(view)}`;
  const which = term`${name}${view.version === undefined ? term`` : term` version ${view.version}`}`;
  const watch = term`cdk-nomad status ${shellQuoted(environment)} --watch`;
  const sentence = (text: TerminalText) => wrap(text, { hanging: 2 });
  switch (outcome.result) {
    case "healthy":
      return withDoubts(
        term`${which} is healthy${outcome.rendered ? " with what its templates read now" : ""}, ${seconds} s after the start`,
        outcome.reasons,
      );
    case "complete":
      return sentence(term`${GOOD} ${which} ended well, ${seconds} s after the start`);
    case "registered":
      return sentence(term`${GOOD} ${name} is registered; there is no deployment to wait for`);
    case "unchanged":
      return withDoubts(term`${name} is as it was`, outcome.reasons);
    case "detached":
      return sentence(term`${GOOD} ${name} is given to Nomad; watch it with: ${watch}`);
    case "waiting-for-promotion":
      return sentence(
        term`${ATTENTION} ${which}: the canaries are healthy and wait for: cdk-nomad promote ${shellQuoted(environment)} --job ${shellQuoted(view.job)}`,
      );
    case "timed-out":
      return joinLines([
        sentence(term`${ATTENTION} ${which} is not done in time; Nomad goes on. Come back with: ${watch}`),
        deploymentSummary(view),
        ...reasonLines(outcome.reasons),
      ]);
    case "skipped":
      return joinLines([sentence(term`${ATTENTION} ${name} is left as it is`), ...reasonLines(outcome.reasons)]);
    case "failed":
      return failureText(outcome, which, environment);
  }
}

/** What went well as far as Nomad knows, with what is not known of it. */
function withDoubts(text: TerminalText, reasons: readonly Reason[]): TerminalText {
  const sign = reasons.length > 0 ? ATTENTION : GOOD;
  return joinLines([wrap(term`${sign} ${text}`, { hanging: 2 }), ...reasonLines(reasons)]);
}

/** Reasons, each on a line of its own, or on more where the terminal ends. */
export function reasonLines(reasons: readonly Reason[]): readonly TerminalText[] {
  return reasons.map(({ message }) => wrap(term`${message}`, { indent: 2, hanging: 2 }));
}

function failureText(outcome: JobOutcome, which: TerminalText, environment: string): TerminalText {
  const { view, reasons, diagnoses, untouched } = outcome;
  const why = untouched
    ? term`is registered as the program says, and does not run as it shall`
    : view.status === "running"
      ? view.groups.some(({ blocked }) => blocked !== undefined)
        ? term`not healthy; Nomad places it once a node takes it, however long that is`
        : term`not healthy; Nomad itself goes on trying until the progress deadline`
      : reasons.some(({ kind }) => kind === "overwritten") && view.status === "successful"
        ? term`is healthy, and overwrote somebody else's change`
        : term`${view.description || view.status}`;
  const stopped = reasons.some(({ kind }) => kind === "stopped");
  const answersNot = reasons.length > 0 && reasons.every(({ kind }) => kind === "check");
  const way = answersNot
    ? term`  restart it with: cdk-nomad restart ${shellQuoted(environment)} --job ${shellQuoted(view.job)}`
    : term`  try it again with: cdk-nomad deploy ${shellQuoted(environment)} --force`;
  return joinLines([
    wrap(term`${BAD} ${which}: ${why}`, { hanging: 2 }),
    ...reasonLines(reasons),
    ...diagnoses.map(diagnosisText),
    ...(untouched && !stopped ? [way] : []),
  ]);
}
