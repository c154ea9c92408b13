import { pathText, type Path } from "./path";

/** How much a problem matters: an error stops synthesis, a warning is printed. */
export type Severity = "error" | "warning";

/**
 * One thing that is wrong, in words for the person who wrote it.
 *
 * @typeParam Rule the ids of the rules that may have found it
 */
export interface Problem<Rule extends string = string> {
  /** Stable id of the rule, such as `update/deadlines`. */
  readonly rule: Rule;
  /** Where, step by step; `pathText(path)` says it in words: `groups[admin].tasks[prism-admin].resources.cpu`. */
  readonly path: Path;
  /** The line of the file where it stands, counted from 1. Default: no line is known. */
  readonly line?: number;
  /** What is wrong and what to write instead. */
  readonly message: string;
  /** `error` where a Nomad server would refuse the job, `warning` where it would only complain. */
  readonly severity: Severity;
  /** Whether synthesis stops at it although a server would take the job. Default: its rule decides. */
  readonly stopsSynthesis?: boolean;
}

/** Where a problem is, in words: its path, else its line; empty where no place is to blame. */
export function placeText({ path, line }: Pick<Problem, "path" | "line">): string {
  return pathText(path) || (line === undefined ? "" : `line ${line}`);
}

/** One line: the place, then what is wrong. */
export function formatProblem(problem: Problem): string {
  const place = placeText(problem);
  return place === "" ? problem.message : `${place}: ${problem.message}`;
}

/** Order for people: by place, errors before warnings, then by words. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    compare(pathText(a.path), pathText(b.path)) || compare(a.severity, b.severity) || compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
