import * as v from "valibot";
import { UserError } from "../../errors";
import { readJsonFile } from "./json-file";
import type { TemplateReader } from "./template-reads";

/** A resource that Terraform would change, beside those that are shown otherwise. */
export interface TerraformChange {
  readonly address: string;
  readonly change: "create" | "update" | "delete" | "replace" | "read";
  /** Which variable of Nomad it is, where it is one. */
  readonly variable?: { readonly path: string; readonly namespace: string };
  /** Tasks of the stack's jobs whose templates read that variable. Absent where there are none, or nobody looked. */
  readonly readers?: readonly TemplateReader[];
}

/** Bytes of a plan: it has whole jobs, before and after. */
const LARGEST = 256 * 1024 * 1024;

const place = v.nullish(v.looseObject({ path: v.optional(v.string()), namespace: v.nullish(v.string()) }));

const schema = v.looseObject({
  format_version: v.string(),
  resource_changes: v.optional(
    v.array(
      v.looseObject({
        address: v.string(),
        type: v.string(),
        mode: v.optional(v.string()),
        change: v.looseObject({
          actions: v.array(v.string()),
          before: v.optional(v.unknown()),
          after: v.optional(v.unknown()),
        }),
      }),
    ),
    [],
  ),
});

const SHOWN_OTHERWISE = new Set(["nomad_job", "consul_key_prefix", "consul_config_entry"]);

/**
 * The other resources of a Terraform plan, and what it would destroy: what a stack no longer holds is known to Terraform's state alone.
 *
 * @param file what `terraform show -json plan` printed
 * @throws UserError where it is no such file
 */
export async function readTerraformPlan(file: string, signal?: AbortSignal): Promise<readonly TerraformChange[]> {
  const parsed = v.safeParse(schema, await readJsonFile(file, { rule: "plan", most: LARGEST, signal }));
  if (!parsed.success)
    throw UserError.at(file, "is no plan of Terraform; write one with: terraform show -json plan > plan.json", "plan");
  return parsed.output.resource_changes.flatMap(({ address, type, mode, change }) => {
    const kind = kindOf(change.actions);
    if (kind === undefined || mode === "data") return [];
    if (SHOWN_OTHERWISE.has(type) && kind !== "delete") return [];
    const variable = type === "nomad_variable" ? variableOf(change.after ?? change.before) : undefined;
    return [{ address, change: kind, ...(variable ? { variable } : {}) }];
  });
}

/** Which variable a resource is; undefined where the plan does not know it yet. */
function variableOf(values: unknown): TerraformChange["variable"] {
  const found = v.safeParse(place, values);
  if (!found.success || found.output?.path === undefined) return undefined;
  return { path: found.output.path, namespace: found.output.namespace || "default" };
}

function kindOf(actions: readonly string[]): TerraformChange["change"] | undefined {
  if (actions.includes("create") && actions.includes("delete")) return "replace";
  const [action] = actions;
  return action === "create" || action === "update" || action === "delete" || action === "read" ? action : undefined;
}
