import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../jobspec";
import type { ConfigEntryJson, JobJson } from "../../nomad";
import { evaluateTemplate, NeedsTerraform } from "./expression";
import { variableValues, type VariableDeclaration } from "./variables";

/** Something that a stack wants to be there, in the order in which it must come. */
export type Wanted = WantedThing & {
  /** Paths of what must be there before it. */
  readonly after: readonly string[];
};

/** The place of a job among those of the other regions that it is rolled out to. */
export interface Rollout {
  /** The same for all regions. */
  readonly id: string;
  /** Regions of a wave are deployed at the same time, wave after wave, the first being 0. */
  readonly wave: number;
  /** What a region that fails does to the others; empty: those after it are left alone. */
  readonly onFailure: "" | "fail_all" | "fail_local";
}

type WantedThing =
  | { readonly kind: "job"; readonly path: string; readonly job: JobJson; readonly rollout?: Rollout }
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
  readonly wanted: readonly Wanted[];
  readonly terraformOnly: readonly TerraformOnly[];
  /** Values of sensitive variables, which nobody may print. */
  readonly sensitive: readonly string[];
}

/** What a stack's variables are given. */
export interface StackInput {
  /** Values by name, as `-var` gives them. */
  readonly variables: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Resource = Readonly<Record<string, unknown>> & { readonly depends_on?: readonly string[] };
type Resources = Readonly<Record<string, Readonly<Record<string, Resource>>>>;

/**
 * Reads a synthesized stack that can be brought without Terraform.
 *
 * @param outdir where the program was synthesized
 * @throws UserError where there is no such stack, or something that only Terraform can bring
 */
export function readStack(outdir: string, name: string, input: StackInput): readonly Wanted[] {
  const contents = readContents(outdir, name, input);
  refuseTerraformOnly(contents, name);
  return contents.wanted;
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
    path,
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
  const file = join(outdir, "stacks", name, "cdk.tf.json");
  if (!existsSync(file)) throw unknownStack(outdir, name);
  const stack = JSON.parse(readFileSync(file, "utf8")) as {
    resource?: Resources;
    variable?: Record<string, VariableDeclaration>;
  };
  const values = variableValues(stack.variable ?? {}, input.variables, input.env);
  const text = (template: unknown, path: string): string => {
    try {
      return String(evaluateTemplate(String(template), values));
    } catch (error) {
      if (!(error instanceof NeedsTerraform)) throw error;
      throw UserError.at(
        path,
        `depends on ${error.message}, which only Terraform knows; deploy with: npx cdktf deploy ${name}`,
        "needs-terraform",
      );
    }
  };
  const all = inOrder(stack.resource ?? {});
  const paths = new Map(all.map(({ id, path }) => [id, path]));
  const thing = ({ type, resource, path }: (typeof all)[number]): WantedThing | undefined => {
    switch (type) {
      case "nomad_job": {
        const outer = JSON.parse(text(resource.jobspec, path)) as { Job: JobJson };
        const rollout = rolloutOf(resource);
        return { kind: "job", path, job: outer.Job, ...(rollout ? { rollout } : {}) };
      }
      case "consul_key_prefix": {
        const subkeys = Object.entries((resource.subkeys ?? {}) as Record<string, string>);
        return {
          kind: "keys",
          path,
          prefix: String(resource.path_prefix),
          values: Object.fromEntries(subkeys.map(([key, value]) => [key, text(value, path)])),
        };
      }
      case "consul_config_entry": {
        const body = JSON.parse(text(resource.config_json, path)) as Record<string, unknown>;
        return {
          kind: "entry",
          path,
          entry: { ...body, Kind: text(resource.kind, path), Name: text(resource.name, path) },
        };
      }
      default:
        return undefined;
    }
  };
  const wanted: Wanted[] = [];
  const terraformOnly: TerraformOnly[] = [];
  for (const item of all) {
    const found = thing(item);
    const after = (item.resource.depends_on ?? []).flatMap((id) => paths.get(id) ?? []);
    if (found) wanted.push({ ...found, after });
    else terraformOnly.push({ path: item.path, type: item.type });
  }
  const sensitive = Object.entries(stack.variable ?? {}).flatMap(([variable, declared]) => {
    const value = declared.sensitive ? values.get(variable) : undefined;
    return typeof value === "string" && value !== "" ? [value] : [];
  });
  return { wanted, terraformOnly, sensitive };
}

/** Names of the stacks of a synthesized program. */
export function stackNames(outdir: string): string[] {
  const file = join(outdir, "manifest.json");
  if (!existsSync(file)) return [];
  return Object.keys((JSON.parse(readFileSync(file, "utf8")) as { stacks: Record<string, unknown> }).stacks);
}

function unknownStack(outdir: string, name: string): UserError {
  return UserError.at(
    name,
    `there is no such environment; write one of ${stackNames(outdir).join(", ")}`,
    "environment",
  );
}

interface StackResource {
  readonly id: string;
  readonly type: string;
  readonly resource: Resource;
  readonly path: string;
}

/** Resources so that each stands behind those that it depends on, and behind the regions that are deployed before its own. */
function inOrder(resources: Resources): StackResource[] {
  const all = new Map<string, StackResource>(
    Object.entries(resources).flatMap(([type, named]) =>
      Object.entries(named).map(
        ([id, resource]) =>
          [`${type}.${id}`, { id: `${type}.${id}`, type, resource, path: pathOf(resource, id) }] as const,
      ),
    ),
  );
  const ordered: StackResource[] = [];
  const visited = new Set<string>();
  const visit = (id: string): void => {
    const found = all.get(id);
    if (!found || visited.has(id)) return;
    visited.add(id);
    for (const before of [...(found.resource.depends_on ?? []), ...earlierRegions(found, all)]) visit(before);
    ordered.push(found);
  };
  for (const id of all.keys()) visit(id);
  return ordered;
}

function earlierRegions({ resource }: StackResource, all: ReadonlyMap<string, StackResource>): readonly string[] {
  const own = rolloutOf(resource);
  if (!own) return [];
  const of = ({ resource: other }: StackResource) => rolloutOf(other);
  return [...all.values()]
    .filter((each) => of(each)?.id === own.id && (of(each)?.wave ?? 0) < own.wave)
    .map(({ id }) => id);
}

/** What the construct of a regional job wrote beside the job, where Terraform does not read. */
function rolloutOf(resource: Resource): Rollout | undefined {
  return (resource["//"] as { rollout?: Rollout } | undefined)?.rollout;
}

function pathOf(resource: Resource, id: string): string {
  const comment = resource["//"] as { metadata?: { path?: string } } | undefined;
  return comment?.metadata?.path ?? id;
}
