import type { Path } from "./path";
import { formatProblem, type Problem } from "./problem";
import { ReadableError } from "./readable-error";

/** A mistake that a person made: printed with its path, reason and way out, never with a stack. */
export class UserError extends ReadableError {
  /** The name of its class, which stands before its message where somebody prints it with a stack. */
  override readonly name: string = "UserError";

  /** The rule of its first problem. */
  readonly code: string;

  constructor(
    /** Every mistake, each with its place and a way out; the message has a line for each. */
    readonly problems: readonly Problem[],
  ) {
    super(problems.map(formatProblem).join("\n"));
    this.code = problems[0]?.rule ?? "input";
    this.quietly("problems");
  }

  /** The same mistakes, seen from further out: with steps before each of their paths. */
  below(place: Path): UserError {
    return new UserError(this.problems.map((problem) => ({ ...problem, path: [...place, ...problem.path] })));
  }

  /**
   * The usual case: one mistake.
   *
   * @param place what is wrong, such as an option, a variable or a file, or the path to it; empty where no place is to blame
   */
  static at(place: string | Path, message: string, rule = "input"): UserError {
    return new UserError([mistake(place, message, rule)]);
  }
}

/** One mistake as a problem. */
export function mistake(place: string | Path, message: string, rule: string): Problem {
  const path = typeof place !== "string" ? place : place === "" ? [] : [place];
  return { rule, path, message, severity: "error" };
}
