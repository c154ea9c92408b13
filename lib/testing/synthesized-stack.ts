import { AssertionError } from "node:assert";
import { App, TerraformStack, Testing } from "cdktf";
import { problemsOf } from "../constructs";
import { UserError } from "../errors";
import { Job } from "../jobspec";
import { describe } from "../jobspec/host";
import { evaluateTemplate, variableValues, type VariableDeclaration } from "../operations";
import { difference } from "./match";

type Json = Readonly<Record<string, unknown>>;

/** Texts for variables that whoever deploys has to say: their names. */
function namesFor(declared: Readonly<Record<string, VariableDeclaration>>): Readonly<Record<string, string>> {
  const missing = Object.entries(declared).filter(
    ([, { type = "string", default: byDefault }]) => type === "string" && byDefault === undefined,
  );
  return Object.fromEntries(missing.map(([name]) => [name, name]));
}

/** @throws UserError with what synthesis of the program would stop at in this stack */
function refuseErrors(stack: TerraformStack): void {
  const given: unknown = stack;
  if (!TerraformStack.isStack(given))
    throw UserError.at(
      "SynthesizedStack.fromStack",
      `expected a stack, found ${describe(given)}; write one of the program's, such as new MyStack(app, "dev")`,
      "field/type",
    );
  const app = stack.node.root;
  if (!App.isApp(app)) return;
  const errors = problemsOf(app as App).filter(
    ({ stack: id, severity }) => id === stack.node.id && severity === "error",
  );
  if (errors.length > 0) throw new UserError(errors);
}

type Resources = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** Part of a job's API JSON: what must be in it. Lists must be whole, where no {@link Match} stands in their place. */
export type JobLike = Json;

/**
 * What a stack synthesizes, with assertions about it, for the tests of programs that use this library. Each throws an AssertionError that says
 * what came nearest.
 *
 * @example
 * SynthesizedStack.fromStack(stack).hasJob({ ID: "prism-stack", Type: "service" });
 */
export class SynthesizedStack {
  private constructor(
    private readonly stack: { readonly resource?: Resources; readonly variable?: Record<string, VariableDeclaration> },
  ) {}

  /**
   * Synthesizes a stack, with its aspects, and refuses one that `synthesize()` would refuse.
   *
   * @param variables values for its Terraform variables. Default: their own defaults; a text that has none is the variable's name
   * @throws UserError with every error of the stack: a test of a job that no server takes tests nothing
   */
  static fromStack(stack: TerraformStack, variables: Readonly<Record<string, string>> = {}): SynthesizedStack {
    refuseErrors(stack);
    const json = JSON.parse(Testing.synth(stack)) as SynthesizedStack["stack"];
    const declared = json.variable ?? {};
    const values = variableValues(declared, { ...namesFor(declared), ...variables }, {});
    const jobs = Object.entries(json.resource?.nomad_job ?? {}).map(([id, resource]) => [
      id,
      { ...resource, jobspec: JSON.parse(String(evaluateTemplate(String(resource.jobspec), values))) as unknown },
    ]);
    return new SynthesizedStack({
      ...json,
      resource: { ...json.resource, nomad_job: Object.fromEntries(jobs) as Record<string, Json> },
    });
  }

  /** API JSON of every job, without the outer key. */
  jobs(): Json[] {
    return this.resources("nomad_job").map((resource) => (resource.jobspec as { Job: Json }).Job);
  }

  /** API JSON of the job of this id. */
  job(id: string): Json {
    const found = this.jobs().find((job) => job.ID === id);
    if (!found)
      throw failure(
        `there is no job "${id}"`,
        this.jobs().map((job) => String(job.ID)),
      );
    return found;
  }

  /** API JSON of a group of a job. @throws AssertionError where there is none, with those that there are */
  group(jobId: string, name: string): Json {
    return named(this.job(jobId).TaskGroups, name, `group "${name}" in the job "${jobId}"`);
  }

  /** API JSON of a task of a group. @throws AssertionError where there is none, with those that there are */
  task(jobId: string, group: string, name: string): Json {
    return named(this.group(jobId, group).Tasks, name, `task "${name}" in the group "${group}" of the job "${jobId}"`);
  }

  /** The group of the job has these properties, and perhaps others. */
  hasGroup(jobId: string, name: string, expected: Json): void {
    mustBeLike(this.group(jobId, name), expected, `the group "${name}" of the job "${jobId}" does not match`);
  }

  /** The task of the group has these properties, and perhaps others. */
  hasTask(jobId: string, group: string, name: string, expected: Json): void {
    const place = `the task "${name}" in the group "${group}" of the job "${jobId}"`;
    mustBeLike(this.task(jobId, group, name), expected, `${place} does not match`);
  }

  /**
   * The stack has such a job.
   *
   * @param expected part of its API JSON; or a Job, which must be rendered just so
   */
  hasJob(expected: JobLike | Job): void {
    const wanted = expected instanceof Job ? (expected.toApi().Job as Json) : expected;
    const exact = expected instanceof Job;
    const reasons = this.jobs().map((job) => difference(job, wanted) ?? (exact ? difference(wanted, job) : undefined));
    if (!reasons.includes(undefined)) {
      const [first] = this.jobs();
      if (!first) throw failure("the stack has no job", []);
      throw failure("no job matches", [
        ...this.jobs().map((job, index) => `${String(job.ID)}: ${reasons[index]}`),
        `job("${String(first.ID)}"), group(…) and task(…) of the synthesized stack give one of them to look at`,
      ]);
    }
  }

  /** The stack has so many jobs. */
  jobCountIs(count: number): void {
    this.resourceCountIs("nomad_job", count);
  }

  /** The stack has so many resources of this type. */
  resourceCountIs(type: string, count: number): void {
    const found = this.resources(type).length;
    if (found !== count)
      throw failure(
        `there are ${found} ${type}, not ${count}`,
        found === 0 ? [`there are ${this.types().join(", ")}`] : [],
      );
  }

  /** The stack has a resource of this type with these attributes. */
  hasResource(type: string, expected: Json): void {
    const resources = this.resources(type);
    if (resources.length === 0) throw failure(`the stack has no ${type}; it has`, this.types());
    const reasons = resources.map((resource) => difference(resource, expected));
    if (!reasons.includes(undefined)) throw failure(`no ${type} matches`, reasons.map(String));
  }

  /** The stack has a configuration entry of Consul with these properties, and perhaps others. */
  hasConfigEntry(kind: string, name: string, expected: Json = {}): void {
    const found = this.resources("consul_config_entry").find((entry) => entry.kind === kind && entry.name === name);
    const names = this.resources("consul_config_entry").map((entry) => `${String(entry.kind)} ${String(entry.name)}`);
    if (!found) throw failure(`there is no ${kind} of ${name}`, names);
    const reason = difference(JSON.parse(String(found.config_json)), expected);
    if (reason !== undefined) throw failure(`the ${kind} of ${name} does not match`, [reason]);
  }

  /** Attributes of the resources of a type. */
  resources(type: string): Json[] {
    return Object.values(this.stack.resource?.[type] ?? {});
  }

  private types(): readonly string[] {
    const all = Object.entries(this.stack.resource ?? {}).filter(([, named]) => Object.keys(named).length > 0);
    return all.length === 0 ? ["no resources"] : all.map(([type]) => type).sort();
  }

  /** All of it. */
  toJson(): Json {
    return this.stack;
  }
}

/** The one of a list that is called so. */
function named(list: unknown, name: string, what: string): Json {
  const all = (Array.isArray(list) ? list : []) as readonly Json[];
  const found = all.find((each) => each.Name === name);
  if (!found)
    throw failure(
      `there is no ${what}`,
      all.map((each) => String(each.Name)),
    );
  return found;
}

function mustBeLike(actual: Json, expected: Json, message: string): void {
  const reason = difference(actual, expected);
  if (reason !== undefined) throw failure(message, [reason]);
}

function failure(message: string, details: readonly string[]): AssertionError {
  return new AssertionError({
    operator: "fail",
    message: [message, ...details.map((detail) => `  ${detail}`)].join("\n"),
  });
}
