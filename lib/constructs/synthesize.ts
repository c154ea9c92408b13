import type { App } from "cdktf";
import { TerraformStack } from "cdktf";
import { compareProblems, UserError, type Problem } from "../jobspec";
import { NomadJob } from "./nomad-job";

/** A problem of a program: one of a job, with the stack and the construct that hold it. */
export interface ProgramProblem extends Problem {
  /** The stack's id. */
  readonly stack: string;
}

/**
 * Everything that is wrong with the jobs of a program, over all of its stacks, in the order of their places.
 * cdktf's own validation stops at the first stack that has a problem.
 */
export function problemsOf(app: App): ProgramProblem[] {
  const jobs = app.node.findAll().filter((construct) => NomadJob.isNomadJob(construct));
  return jobs
    .flatMap((construct) => {
      const stack = TerraformStack.of(construct);
      const prefix = `${stack.node.id}/${construct.job.id}`;
      return construct
        .problems()
        .map((problem) => ({ ...problem, stack: stack.node.id, path: `${prefix}.${problem.path}` }));
    })
    .sort(compareProblems);
}

/**
 * Checks every job of the program and then synthesizes it.
 *
 * @returns the warnings
 * @throws UserError with every error of every stack, before anything is written
 */
export function synthesize(app: App): ProgramProblem[] {
  const problems = problemsOf(app);
  const errors = problems.filter((problem) => problem.severity === "error");
  if (errors.length > 0) throw new UserError(errors);
  app.synth();
  return problems;
}
