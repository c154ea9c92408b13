import type { App } from "cdktf";
import { DefaultTokenResolver, StringConcat, TerraformElement, TerraformStack, Tokenization } from "cdktf";
import type { IConstruct } from "constructs";
import { compareProblems, Secret, UserError, type Problem } from "../jobspec";
import { holdsSecret, NO_SECRET } from "../jobspec/host";
import { KeyValues } from "./consul";
import { NomadJob } from "./nomad-job";
import { recordStacks } from "./stack-record";
import { pauseStackTraces } from "./stack-traces";

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
  const constructs = app.node.findAll();
  return constructs
    .flatMap((construct): ProgramProblem[] => {
      const isJob = NomadJob.isNomadJob(construct);
      if (!isJob && !KeyValues.isKeyValues(construct)) return [];
      const stack = TerraformStack.of(construct).node.id;
      const prefix = isJob ? `${stack}/${construct.job.id}` : construct.node.path;
      return construct.problems().map((problem) => ({ ...problem, stack, path: `${prefix}.${problem.path}` }));
    })
    .concat(Secret.made ? constructs.flatMap(secretsIn) : [])
    .sort(compareProblems);
}

/** What an element writes, with its tokens as texts. */
function resolved(element: TerraformElement): unknown {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return Tokenization.resolve(element.toTerraform(), { scope: element, preparing: false, resolver });
}

/** Secrets that Terraform would write into its files, and its state, outside of a job. */
function secretsIn(construct: IConstruct): ProgramProblem[] {
  if (!TerraformElement.isTerraformElement(construct) || NomadJob.isNomadJob(construct)) return [];
  // What stands below a job only asks for it.
  if (NomadJob.isNomadJob(construct.node.scope)) return [];
  const stack = TerraformStack.of(construct);
  const plain = JSON.stringify(construct.toTerraform());
  const written = /TfToken|unresolved-token/.test(plain) ? JSON.stringify(resolved(construct)) : plain;
  if (!holdsSecret(written)) return [];
  const path = construct.node.path;
  return [{ rule: "secret/literal", stack: stack.node.id, path, message: NO_SECRET, severity: "error" }];
}

/**
 * Checks every job of the program and then synthesizes it, with a record for every stack that has jobs.
 *
 * @returns the warnings
 * @throws UserError with every error of every stack, before anything is written
 */
export function synthesize(app: App): ProgramProblem[] {
  // Tokens that are made from here on come from no line of the program that anybody could look at.
  const resume = pauseStackTraces();
  try {
    recordStacks(app);
    const problems = problemsOf(app);
    const errors = problems.filter((problem) => problem.severity === "error");
    if (errors.length > 0) throw new UserError(errors);
    app.synth();
    return problems;
  } finally {
    resume();
  }
}
