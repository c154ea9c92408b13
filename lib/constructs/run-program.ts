import { writeFileSync } from "node:fs";
import { formatProblem, UserError } from "../errors";
import type { ProgramProblem } from "./synthesize";

/** Terraform's provider has no other default. */
const NO_ADDRESS =
  'NOMAD_ADDR names no Nomad, so Terraform asks the one at http://127.0.0.1:4646; point it at the embedded cluster with: eval "$(npx cdk-nomad env)"';

const ONLY_OURS = { mode: 0o600 };

/**
 * Runs a program as `main.ts` does: warnings and errors go to stderr, a line each; a mistake in the program ends it with
 * exit code 1 and without a stack. Where CDK_NOMAD_STACK names a stack, those warnings are shown that are of it. Where CDK_NOMAD_PROBLEMS names a file, all of them go there as JSON instead; where CDK_NOMAD_ERRORS does, errors go there too.
 *
 * @param program what synthesizes, and gives the warnings
 */
export function runProgram(program: () => readonly ProgramProblem[]): void {
  const problemsFile = process.env.CDK_NOMAD_PROBLEMS;
  const { CDKTF_OUTDIR: underCdktf, CDK_NOMAD_COMMAND: underCdkNomad, NOMAD_ADDR: address } = process.env;
  if (underCdktf && !underCdkNomad && !problemsFile && !address) console.error(NO_ADDRESS);
  try {
    const warnings = program();
    if (problemsFile) return writeFileSync(problemsFile, JSON.stringify(warnings), ONLY_OURS);
    const { CDK_NOMAD_STACK: wanted = "" } = process.env;
    const shown = warnings.filter(({ stack }) => wanted === "" || stack === wanted || stack === "");
    for (const warning of shown) console.error(`warning: ${formatProblem(warning)} [${warning.rule}]`);
    const others = warnings.length - shown.length;
    if (others > 0)
      console.error(
        `${others === 1 ? "1 warning" : `${others} warnings`} of other stacks; cdk-nomad validate STACK shows them`,
      );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (problemsFile) return writeFileSync(problemsFile, JSON.stringify(error.problems), ONLY_OURS);
    const { CDK_NOMAD_ERRORS: errorsFile } = process.env;
    if (errorsFile) writeFileSync(errorsFile, JSON.stringify(error.problems), ONLY_OURS);
    const count = error.problems.length;
    console.error(`${count === 1 ? "1 problem" : `${count} problems`}, nothing was written:\n`);
    for (const problem of error.problems) console.error(`  ${formatProblem(problem)}`);
    process.exitCode = 1;
  }
}
