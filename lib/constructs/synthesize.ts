import type { App } from "cdktf";
import {
  AnnotationMetadataEntryType,
  DefaultTokenResolver,
  StringConcat,
  TerraformElement,
  TerraformStack,
  Tokenization,
} from "cdktf";
import type { IConstruct } from "constructs";
import { compareProblems, pathKey, type Problem, UserError } from "../errors";
import { Secret } from "../jobspec";
import { holdsSecret, NO_SECRET } from "../jobspec/host";
import { errorLines } from "./allowed";
import { runAspects } from "./aspects";
import { orderJobs } from "./brought-before";
import { ClusterConstruct } from "./cluster";
import { Intentions, KeyValues } from "./consul";
import { NomadJob } from "./nomad-job";
import { completeOutputs } from "./outputs";
import { provideNomad } from "./providers";
import { repeated } from "./repeated";
import { recordStacks } from "./stack-record";
import { pauseStackTraces } from "./stack-traces";

/** A problem of a program: one of a job, with the stack and the construct that hold it. */
export interface ProgramProblem extends Problem {
  /** The stack's id. */
  readonly stack: string;
}

/**
 * Everything that is wrong with a program, over all of its stacks, in the order of their places: what its aspects refused, what is there twice, its jobs with
 * what aspects made of them, and what the constructs' own validations say; what is wrong with a job in each of its regions, once. The aspects run now, each once, and not again when it is synthesized.
 * cdktf's own validation stops at the first stack that has a problem, and runs aspects only then.
 */
export function problemsOf(app: App): ProgramProblem[] {
  const refused = runAspects(app).map(({ construct, problem }) => within(construct, problem));
  completeOutputs(app);
  const constructs = app.node.findAll();
  const all = refused
    .concat(repeated(constructs).map(({ construct, problem }) => within(construct, problem)))
    .concat(constructs.flatMap(problemsIn))
    .concat(Secret.made ? constructs.flatMap(secretsIn) : [])
    .sort(compareProblems);
  const different = new Map(all.map((problem) => [keyOf(problem), problem] as const));
  return [...different.values()];
}

/** Everything that is said of a problem: the job of a `RegionalJob` has the same place in all its regions. */
function keyOf({ stack, path, rule, severity, message }: ProgramProblem): string {
  return JSON.stringify([stack, pathKey(path), rule, severity, message]);
}

/** How cdktf begins to say that a stack has resources without their provider. */
const NO_PROVIDER = "Found resources without a matching provider";

/** Stacks with resources that have no provider: it may be added until the program is synthesized. */
function withoutProvider(app: App): ProgramProblem[] {
  const stacks = app.node.findAll().filter((construct) => TerraformStack.isStack(construct));
  return stacks.flatMap((stack) =>
    stack.node
      .validate()
      .filter((message) => message.startsWith(NO_PROVIDER))
      .map((message) => atConstruct(stack, "provider/missing", message)),
  );
}

function problemsIn(construct: IConstruct): ProgramProblem[] {
  const judgesItself =
    NomadJob.isNomadJob(construct) ||
    KeyValues.isKeyValues(construct) ||
    Intentions.isIntentions(construct) ||
    ClusterConstruct.isClusterConstruct(construct);
  const own = judgesItself ? construct.problems() : [];
  const reported = new Set(errorLines(own));
  const validated = construct.node
    .validate()
    .filter((message) => !reported.has(message) && !message.startsWith(NO_PROVIDER));
  return [
    ...own.map((problem) => within(construct, problem)),
    ...validated.map((message) => atConstruct(construct, "validation", message)),
    ...annotated(construct),
  ];
}

/** Errors that somebody, such as an aspect, noted at a construct: cdktf would stop at them after the jobs are judged. */
function annotated(construct: IConstruct): ProgramProblem[] {
  const errors = construct.node.metadata.filter(({ type }) => type === String(AnnotationMetadataEntryType.ERROR));
  return errors.map(({ data }) => atConstruct(construct, "annotation", String(data)));
}

function atConstruct(construct: IConstruct, rule: string, message: string): ProgramProblem {
  return { rule, message, path: [construct.node.path], severity: "error", stack: stackOf(construct) };
}

/** A problem with the stack and the construct in its place. */
function within(construct: IConstruct, problem: Problem): ProgramProblem {
  const stack = stackOf(construct);
  const prefix = NomadJob.isNomadJob(construct) ? `${stack}/${idOf(construct)}` : construct.node.path;
  // What a method of the construct refuses begins with it.
  const path = problem.path[0] === construct.node.path ? problem.path.slice(1) : problem.path;
  return { ...problem, stack, path: [prefix, ...path] };
}

/** The id of its job; the construct's where that cannot be told. */
function idOf({ job, node }: NomadJob): string {
  try {
    return job.id;
  } catch (error) {
    if (error instanceof UserError) return node.id;
    throw error;
  }
}

function stackOf(construct: IConstruct): string {
  return construct.node.scopes.find((scope) => TerraformStack.isStack(scope))?.node.id ?? "";
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
  const written = /TfToken|<unresolved-/.test(plain) ? JSON.stringify(resolved(construct)) : plain;
  if (!holdsSecret(written)) return [];
  const path = [construct.node.path];
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
    runAspects(app);
    provideNomad(app);
    orderJobs(app);
    recordStacks(app);
    const problems = [...problemsOf(app), ...withoutProvider(app)];
    const errors = problems.filter((problem) => problem.severity === "error");
    if (errors.length > 0) throw new UserError(errors);
    app.synth();
    return problems;
  } finally {
    resume();
  }
}
