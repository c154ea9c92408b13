import { formatProblem, UserError } from "../jobspec";
import type { ProgramProblem } from "./synthesize";

/**
 * Runs a program as `main.ts` does: warnings and errors go to stderr, a line each; a mistake in the program ends it with
 * exit code 1 and without a stack.
 *
 * @param program what synthesizes, and gives the warnings
 */
export function runProgram(program: () => readonly ProgramProblem[]): void {
  try {
    for (const warning of program()) console.error(`warning: ${formatProblem(warning)} [${warning.rule}]`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const count = error.problems.length;
    console.error(`${count === 1 ? "1 problem" : `${count} problems`}, nothing was written:\n`);
    for (const problem of error.problems) console.error(`  ${formatProblem(problem)}`);
    process.exitCode = 1;
  }
}
