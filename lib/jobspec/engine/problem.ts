import { ReadableError } from "./readable-error";

/** How much a problem matters: an error stops synthesis, a warning is printed. */
export type Severity = "error" | "warning";

/** One thing that is wrong with a job, in words for the person who wrote it. */
export interface Problem {
  /** Stable id of the rule, such as `update/deadlines`. */
  readonly rule: string;
  /** Where, in the words of the classes: `groups[admin].tasks[prism-admin].resources.cpu`. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
  /** `error` where a Nomad server would refuse the job, `warning` where it would only complain. */
  readonly severity: Severity;
  /** Whether synthesis stops at it although a server would take the job. Default: its rule decides. */
  readonly stopsSynthesis?: boolean;
}

/** What is wrong with a plain value. */
export interface Fault {
  readonly rule: string;
  readonly message: string;
  /** Default: "error". */
  readonly severity?: Severity;
  /** Whether synthesis stops at it although a server would take the job. Default: its rule decides. */
  readonly stopsSynthesis?: boolean;
}

/** A mistake that a person made: printed with its path, reason and way out, never with a stack. */
export class UserError extends ReadableError {
  override readonly name: string = "UserError";

  /** The rule of its first problem. */
  readonly code: string;

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.code = problems[0]?.rule ?? "input";
    this.quietly("problems");
  }

  /** The usual case: one mistake. */
  static at(path: string, message: string, rule = "input"): UserError {
    return new UserError([{ rule, path, message, severity: "error" }]);
  }
}

/** One line: the place, then what is wrong. */
export function formatProblem(problem: Problem): string {
  return problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
}

/** Order for people: by place, errors before warnings, then by words. */
export function compareProblems(a: Problem, b: Problem): number {
  return order(a.path, b.path) || order(a.severity, b.severity) || order(a.message, b.message);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
