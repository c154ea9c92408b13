import { UserError } from "../../errors";
import { NoEnvironment } from "../../errors";
import type { ConfigEntryJson, JobJson } from "../../nomad";
import { parseJson } from "./bounded-json";
import { isRecordable } from "../../stack-record";
import { Effort } from "./effort";
import { evaluateTemplate, NeedsTerraform, type TerraformValue, type Variables } from "./expression";
import { FOREIGN_LIMITS, OWN_LIMITS, type ReadingLimits } from "./limits";
import { namesToWrite } from "./nearest";
import { isRecordResource, recordIn, recordPlaceIn, type SynthesizedRecord } from "./record-resources";
import { SensitiveValues, type SensitiveText } from "./sensitive";
import { stackOrder, type StackResource } from "./stack-order";
import {
  allocationsOf,
  jobShape,
  manifestShape,
  stackShape,
  type DeclaredStack,
  type Rollout,
  type StackFile,
} from "./stack-shape";
import { checkForeignFolder, readSynthesized } from "./synthesized-files";
import { foreignValues, variableValues, type VariableDeclaration } from "./variables";

export type { DeclaredCluster, DeclaredStack, Rollout } from "./stack-shape";

/** Something that a stack wants to be there, in the order in which it must come. */
export type StackObject = JobKeysOrEntry & {
  /** Paths of what must be there before it. */
  readonly after: readonly string[];
};

type JobKeysOrEntry =
  | {
      readonly kind: "job";
      readonly path: string;
      readonly job: JobJson;
      /** The text that Terraform's provider submits as the job, which Nomad keeps beside the version. Absent where it has none. */
      readonly source?: string;
      readonly rollout?: Rollout;
    }
  | {
      readonly kind: "keys";
      readonly path: string;
      readonly prefix: string;
      readonly values: Readonly<Record<string, string>>;
    }
  | { readonly kind: "entry"; readonly path: string; readonly entry: ConfigEntryJson };

/** Something of a stack that only Terraform brings. */
export interface TerraformOnly {
  readonly path: string;
  readonly type: string;
}

/** What stands in a stack. */
export interface StackContents {
  readonly objects: readonly StackObject[];
  readonly terraformOnly: readonly TerraformOnly[];
  /** What it says of itself: who brings it, and to which cluster. */
  readonly declared: DeclaredStack;
  /** Values of sensitive variables, which nobody may print. */
  readonly sensitive: readonly string[];
  /** Texts of jobs and keys that the values of sensitive variables reach, whole. */
  readonly reached: readonly SensitiveText[];
  /** Variables that are not sensitive, by name: the value that this was read with, and the one that the program gives where nobody says any. */
  readonly variables?: Readonly<Record<string, VariableValue>>;
  /** The stack's record as Terraform would write it. Absent where the program synthesizes none. */
  readonly record?: SynthesizedRecord;
}

/** The value of a variable. */
export interface VariableValue {
  readonly value: TerraformValue;
  readonly default?: TerraformValue;
}

/** What a stack's variables are given. */
export interface StackInput {
  /** Values by name, as `-var` gives them. */
  readonly variables: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads a synthesized stack that can be brought without Terraform.
 *
 * @param outdir where the program was synthesized
 * @throws UserError where there is no such stack, or something that only Terraform can bring
 */
export function readStack(outdir: string, name: string, input: StackInput): readonly StackObject[] {
  const contents = readContents(outdir, name, input);
  refuseTerraformOnly(contents, name);
  return contents.objects;
}

/**
 * Refuses a stack that cannot be brought without Terraform.
 *
 * @throws UserError with everything of it that only Terraform can bring
 */
export function refuseTerraformOnly({ terraformOnly }: StackContents, name: string): void {
  if (terraformOnly.length === 0) return;
  const problems = terraformOnly.map(({ path, type }) => ({
    rule: "needs-terraform",
    path: [path],
    message: `is a ${type}, which only Terraform brings; deploy with: npx cdktf deploy ${name}`,
    severity: "error" as const,
  }));
  throw new UserError(problems);
}

/**
 * Reads a synthesized stack, with what only Terraform can bring by name alone: the same file that Terraform gets, so that both ways
 * to a cluster bring the identical job.
 *
 * @throws UserError where there is no such stack, or a job whose text only Terraform knows
 */
export function readContents(outdir: string, name: string, input: StackInput): StackContents {
  const file = readStackFile(outdir, name, OWN_LIMITS);
  const effort = new Effort(OWN_LIMITS.evaluated, name);
  const values = variableValues(file.variable, input.variables, input.env, effort);
  return contentsOf(file, values, name, OWN_LIMITS, effort);
}

/** What a synthesized stack says of itself, before its variables have values. */
export interface StackDeclaration {
  readonly variables: Readonly<Record<string, VariableDeclaration>>;
  readonly declared: DeclaredStack;
  /** What keeps its record: Consul, or Nomad's variables where it has nothing in Consul. */
  readonly store: "consul" | "nomad";
  /** What the project is called in its record, where it brings one. */
  readonly project?: string;
}

/**
 * Reads what a synthesized stack says of itself.
 *
 * @param limits those for somebody else's program, where it is one's. Default: those for the project's own
 * @throws UserError where there is no such stack
 */
export function readDeclaration(outdir: string, name: string, limits: ReadingLimits = OWN_LIMITS): StackDeclaration {
  const { variable, resource, "//": comment } = readStackFile(outdir, name, limits);
  const record = recordPlaceIn(stackOrder(resource));
  const inConsul = resource.consul_key_prefix !== undefined || resource.consul_config_entry !== undefined;
  return {
    variables: variable,
    declared: { owner: "cdk-nomad", ...comment?.["cdk-nomad"] },
    store: inConsul ? "consul" : "nomad",
    ...record,
  };
}

/** What stands in a stack that somebody else's program wrote. */
export interface ForeignContents extends StackContents {
  /** Variables whose values are not known here: what depends on them shows as changed. */
  readonly unknown: readonly string[];
}

/**
 * Reads a stack that somebody else's program wrote, such as that of a pull request, and runs nothing of theirs: files within limits of
 * size, depth and number, no links, no function that reads a file, no environment variable. A sensitive variable is never given its
 * value, since the program decides where that would be shown.
 *
 * @param variables values that everybody may read, by name
 * @throws UserError where something is too large, has another shape, or is no stack of the program
 */
export function readForeignContents(
  outdir: string,
  name: string,
  variables: Readonly<Record<string, string>>,
): ForeignContents {
  checkForeignFolder(outdir);
  const file = readStackFile(outdir, name, FOREIGN_LIMITS);
  atMost(name, Object.keys(file.variable).length, FOREIGN_LIMITS.variables, "variables");
  const effort = new Effort(FOREIGN_LIMITS.evaluated, name);
  const { values, unknown, standIns } = foreignValues(file.variable, variables, effort);
  const contents = contentsOf(file, values, name, FOREIGN_LIMITS, effort);
  return { ...contents, sensitive: [...new Set([...contents.sensitive, ...standIns])], unknown };
}

/** Names of the stacks of a synthesized program. @throws UserError where its manifest is none */
export function stackNames(outdir: string, limits: ReadingLimits = OWN_LIMITS): readonly string[] {
  const manifest = readSynthesized(outdir, [MANIFEST], limits);
  return manifest === undefined ? [] : manifestShape(manifest, MANIFEST);
}

const MANIFEST = "manifest.json";

function readStackFile(outdir: string, name: string, limits: ReadingLimits): StackFile {
  const steps = ["stacks", name, "cdk.tf.json"];
  const value = readSynthesized(outdir, steps, limits);
  if (value !== undefined) return stackShape(value, steps.join("/"));
  const names = stackNames(outdir, limits)
    .filter((each) => each.length <= 100)
    .slice(0, 100);
  throw new NoEnvironment(name, `there is no such environment; ${namesToWrite(name, names)}`);
}

function atMost(name: string, number: number, most: number, what: string): void {
  if (number > most)
    throw UserError.at(name, `has ${number} ${what}, more than the ${most} that are read`, "synthesized");
}

function contentsOf(
  file: StackFile,
  values: Variables,
  name: string,
  limits: ReadingLimits,
  effort: Effort,
): StackContents {
  const all = stackOrder(file.resource);
  const paths = new Map(all.map(({ id, path }) => [id, path]));
  const ofType = (wantedType: string) => all.filter(({ type }) => type === wantedType);
  atMost(name, all.length, limits.resources, "resources");
  atMost(name, ofType("nomad_job").length, limits.jobs, "jobs");
  atMost(name, ofType("consul_config_entry").length, limits.entries, "configuration entries");
  const keys = ofType("consul_key_prefix").map(({ resource }) => Object.keys(resource.subkeys ?? {}).length);
  atMost(
    name,
    keys.reduce((sum, each) => sum + each, 0),
    limits.keys,
    "keys",
  );
  const sensitive = new SensitiveValues(file.variable, values, effort);
  const text = evaluator(values, name, effort);
  const read = reader(text, name, limits, sensitive);
  const objects: StackObject[] = [];
  const terraformOnly: TerraformOnly[] = [];
  for (const item of all) {
    if (isRecordResource(item)) continue;
    const found = read(item);
    const after = (item.resource.depends_on ?? []).flatMap((id) => paths.get(id) ?? []);
    if (found) objects.push({ ...found, after });
    else terraformOnly.push({ path: item.path, type: item.type });
  }
  // What somebody else's program says of itself is nothing that is believed.
  const record = limits === FOREIGN_LIMITS ? undefined : recordIn(all, text);
  return {
    objects,
    terraformOnly,
    declared: { owner: "cdk-nomad", ...file["//"]?.["cdk-nomad"] },
    sensitive: sensitive.texts,
    reached: sensitive.reached,
    variables: recordableValues(file.variable, values),
    ...(record ? { record } : {}),
  };
}

/** Values of variables that may be recorded. */
function recordableValues(
  declared: Readonly<Record<string, VariableDeclaration>>,
  values: Variables,
): StackContents["variables"] {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, { sensitive, default: byDefault }]) => {
      const value = values.get(name);
      if (value === undefined || !isRecordable(name, { sensitive, default: byDefault })) return [];
      return [[name, { value, ...(byDefault === undefined ? {} : { default: byDefault }) }]];
    }),
  );
}

/** What only Terraform can bring. */
function onlyTerraform(path: string, what: string, name: string): UserError {
  const message = `depends on ${what}, which only Terraform knows; deploy with: npx cdktf deploy ${name}`;
  return UserError.at(path, message, "needs-terraform");
}

/** Gives the texts of templates. */
function evaluator(values: Variables, name: string, effort: Effort): (template: string, path: string) => string {
  return (template, path) => {
    try {
      return String(evaluateTemplate(template, values, effort));
    } catch (error) {
      throw error instanceof NeedsTerraform ? onlyTerraform(path, error.message, name) : error;
    }
  };
}

/** Reads one resource of a stack; undefined for what only Terraform brings. */
function reader(
  evaluate: (template: string, path: string) => string,
  name: string,
  limits: ReadingLimits,
  sensitive: SensitiveValues,
): (item: StackResource) => JobKeysOrEntry | undefined {
  const text = (template: unknown, path: string): string => evaluate(String(template), path);
  return ({ type, resource, path }) => {
    if (!READ.has(type)) return undefined;
    const meta = META_ARGUMENTS.find((argument) => resource[argument] !== undefined);
    if (meta !== undefined) throw onlyTerraform(path, `"${meta}"`, name);
    switch (type) {
      case "nomad_job": {
        const json = text(resource.jobspec, path);
        if (json.length > limits.jobLength)
          throw UserError.at(path, `is a job of ${json.length} characters, more than are read`, "synthesized");
        const read = (text: string) => jobShape(parseJson(text, limits.depth, path), path);
        const job = read(json);
        sensitive.follow(String(resource.jobspec), job, read);
        const allocations = allocationsOf(job);
        if (allocations > limits.allocations)
          throw UserError.at(path, `asks for ${allocations} allocations, more than are planned here`, "synthesized");
        const rollout = resource["//"]?.rollout;
        return { kind: "job", path, job, source: json, ...(rollout ? { rollout } : {}) };
      }
      case "consul_key_prefix": {
        const subkeys = Object.entries((resource.subkeys ?? {}) as Record<string, string>);
        const prefix = text(resource.path_prefix, path);
        if (limits === FOREIGN_LIMITS && !/^[^/]+\//.test(prefix))
          throw UserError.at(
            path,
            "is a prefix of every key; write one that ends a step, such as shop/",
            "synthesized",
          );
        return {
          kind: "keys",
          path,
          prefix,
          values: Object.fromEntries(
            subkeys.map(([key, value]) => {
              const found = text(value, path);
              sensitive.follow(String(value), found, (marked) => marked, key.slice(key.lastIndexOf("/") + 1));
              return [key, found];
            }),
          ),
        };
      }
      default: {
        const read = (text: string) => parseJson(text, limits.depth, path);
        const body = read(text(resource.config_json, path));
        sensitive.follow(String(resource.config_json), body, read);
        if (typeof body !== "object" || body === null || Array.isArray(body))
          throw UserError.at(path, "is no configuration entry", "synthesized");
        return {
          kind: "entry",
          path,
          entry: { ...body, Kind: text(resource.kind, path), Name: text(resource.name, path) },
        };
      }
    }
  };
}

const READ: ReadonlySet<string> = new Set(["nomad_job", "consul_key_prefix", "consul_config_entry"]);

/** Arguments of every resource by which Terraform makes more or fewer of it. */
const META_ARGUMENTS = ["count", "for_each"] as const;
