import * as v from "valibot";
import { type Problem, shortened, UserError } from "../../errors";
import { countIn } from "../../jobspec/host";
import type { JobJson } from "../../nomad";
import { STACK_OWNERS } from "../../stack-record";
import type { VariableDeclaration } from "./variables";

/** A resource of a stack, as far as it is read. */
export interface Resource extends Readonly<Record<string, unknown>> {
  readonly depends_on?: readonly string[];
  readonly "//"?: {
    readonly metadata?: { readonly path?: string };
    readonly rollout?: Rollout;
    /** The resource is the stack's record, or a part of it. */
    readonly record?: { readonly head: string; readonly project?: string };
  };
}

/** The place of a job among those of the other regions that it is rolled out to. */
export interface Rollout {
  /** What the jobs of all regions of one rollout have in common. */
  readonly id: string;
  /** Regions of a wave are deployed at the same time, wave after wave, the first being 0. */
  readonly wave: number;
  /** What a region that fails does to the others; empty: those after it are left alone. */
  readonly onFailure: "" | "fail_all" | "fail_local";
}

/** A stack's file, as far as it is read. */
export interface StackFile {
  /** By type, then by name. */
  readonly resource: Readonly<Record<string, Readonly<Record<string, Resource>>>>;
  readonly variable: Readonly<Record<string, VariableDeclaration>>;
  readonly "//"?: { readonly "cdk-nomad"?: Partial<DeclaredStack> };
}

/** What a stack says of itself. */
export interface DeclaredStack extends v.InferOutput<typeof declared> {
  /** Who brings it to its cluster. Where the stack does not say it: `cdk-nomad`. */
  readonly owner: "terraform" | "cdk-nomad";
}

/** The cluster that a stack is for: what is left out may be anything. */
export type DeclaredCluster = NonNullable<DeclaredStack["cluster"]>;

/** Of names of resources and variables, and of their places, in characters: they stand in every message. */
const LONGEST_NAME = 1_000;

const shortText = v.pipe(v.string(), v.nonEmpty("is empty"), v.maxLength(LONGEST_NAME));
const declared = v.strictObject({
  owner: v.optional(v.picklist(STACK_OWNERS)),
  cluster: v.optional(
    v.strictObject({
      /** Of Nomad; `*` stands for any characters. */
      address: v.optional(shortText),
      region: v.optional(shortText),
      consulDatacenter: v.optional(shortText),
      consulId: v.optional(shortText),
    }),
  ),
});

const rollout = v.looseObject({
  id: v.string(),
  wave: v.pipe(v.number(), v.integer(), v.minValue(0)),
  onFailure: v.picklist(["", "fail_all", "fail_local"]),
});

const resource = v.looseObject({
  depends_on: v.optional(v.array(v.string())),
  "//": v.optional(
    v.looseObject({
      metadata: v.optional(v.looseObject({ path: v.optional(v.pipe(v.string(), v.maxLength(LONGEST_NAME))) })),
      rollout: v.optional(rollout),
      record: v.optional(
        v.looseObject({
          head: v.pipe(v.string(), v.maxLength(LONGEST_NAME)),
          project: v.optional(v.pipe(v.string(), v.maxLength(LONGEST_NAME))),
        }),
      ),
    }),
  ),
});

const resourcesByType = {
  nomad_job: v.looseObject({ ...resource.entries, jobspec: v.string() }),
  consul_key_prefix: v.looseObject({ ...resource.entries, path_prefix: v.string() }),
  consul_config_entry: v.looseObject({
    ...resource.entries,
    kind: v.string(),
    name: v.string(),
    config_json: v.string(),
  }),
} as const;

const variable = v.looseObject({
  type: v.optional(v.string()),
  sensitive: v.optional(v.boolean()),
  validation: v.optional(v.array(v.looseObject({ condition: v.string(), error_message: v.string() }))),
});

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** These are parts of an address, which servers take up to some length only. */
const name = v.pipe(v.string(), v.maxLength(512, "is longer than 512 characters; write a shorter one"));
const job = v.looseObject({
  ID: v.pipe(name, v.nonEmpty("is empty; write the job's id")),
  Name: v.nullish(v.string()),
  Namespace: v.nullish(name),
  Region: v.nullish(name),
  Type: v.nullish(v.string()),
  TaskGroups: v.nullish(
    v.array(
      v.looseObject({
        Name: v.nullish(v.string()),
        Count: v.nullish(count),
        Scaling: v.nullish(
          v.looseObject({ Enabled: v.nullish(v.boolean()), Min: v.nullish(count), Max: v.nullish(count) }),
        ),
      }),
    ),
  ),
});

/**
 * Reads the shape of a stack's file: what has another one is refused, all at once, and what is not read is left alone.
 *
 * @throws UserError with every place that is not as Terraform would take it
 */
export function stackShape(value: unknown, place: string): StackFile {
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) =>
    problems.length < MOST_PROBLEMS &&
    problems.push({ rule: "synthesized", path: [short(path)], message, severity: "error" });
  const check = (schema: v.GenericSchema, inner: unknown, path: string) => {
    for (const { path: steps = [], message } of v.safeParse(schema, inner).issues ?? [])
      refuse([path, ...steps.map(({ key }) => String(key))].join("."), message);
  };
  // Walked by hand and not as a schema's record, which passes over keys such as "constructor".
  const entries = (inner: unknown, path: string): [string, unknown][] => {
    if (inner === undefined) return [];
    if (isObject(inner)) {
      const all = Object.entries(inner);
      const long = all.find(([name]) => name.length > LONGEST_NAME);
      if (long) refuse(`${path}.${long[0]}`, `is a name of ${long[0].length} characters; write a shorter one`);
      return all;
    }
    refuse(path, "is no object");
    return [];
  };
  const file = isObject(value) ? value : {};
  if (!isObject(value)) refuse(place, "is no object");
  for (const [type, named] of entries(file.resource, "resource")) {
    for (const [name, inner] of entries(named, `resource.${type}`)) {
      const path = `resource.${type}.${name}`;
      check(Object.hasOwn(resourcesByType, type) ? resourcesByType[type as "nomad_job"] : resource, inner, path);
      if (type !== "consul_key_prefix" || !isObject(inner)) continue;
      for (const [key, text] of entries(inner.subkeys, `${path}.subkeys`))
        if (typeof text !== "string") refuse(`${path}.subkeys.${key}`, "is no text");
    }
  }
  for (const [name, inner] of entries(file.variable, "variable")) check(variable, inner, `variable.${name}`);
  const comment = file["//"];
  if (isObject(comment) && comment["cdk-nomad"] !== undefined) check(declared, comment["cdk-nomad"], '"//".cdk-nomad');
  if (problems.length > 0) throw new UserError(problems);
  return { resource: {}, variable: {}, ...file } as StackFile;
}

/**
 * Reads the shape of a job as a stack carries it, as far as more than Nomad reads it.
 *
 * @throws UserError with every place that no job has so
 */
export function jobShape(value: unknown, path: string): JobJson {
  const parsed = v.safeParse(v.looseObject({ Job: job }), value);
  if (parsed.success) return (value as { readonly Job: JobJson }).Job;
  const problems = parsed.issues.slice(0, MOST_PROBLEMS).map(({ path: steps = [], message }) => ({
    rule: "synthesized",
    path: [path, ...steps.map(({ key }) => String(key))],
    message,
    severity: "error" as const,
  }));
  throw new UserError(problems);
}

/** Names of the stacks in a program's manifest. @throws UserError where it is no manifest */
export function manifestShape(value: unknown, place: string): readonly string[] {
  const stacks = isObject(value) ? value.stacks : undefined;
  if (!isObject(stacks)) throw UserError.at(place, "is no manifest of cdktf: it names no stacks", "synthesized");
  return Object.keys(stacks);
}

/** Allocations that a job asks for, all groups together. */
export function allocationsOf({ TaskGroups: groups }: JobJson): number {
  return (groups ?? []).reduce((sum, group) => sum + countIn(group), 0);
}

function short(path: string): string {
  return shortened(path, 300);
}

/** More are of no use to anybody. */
const MOST_PROBLEMS = 20;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
