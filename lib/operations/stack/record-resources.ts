import * as v from "valibot";
import { UserError } from "../../errors";
import type { StackResource } from "./stack-order";

/** The record of a stack, as a resource of it. */
export interface SynthesizedRecord {
  /** What it is kept in. */
  readonly store: "consul" | "nomad";
  /** The path of its head. */
  readonly head: string;
  /** Its objects, by their paths. */
  readonly texts: ReadonlyMap<string, string>;
}

const keys = v.looseObject({ key: v.array(v.looseObject({ path: v.string(), value: v.string() })) });
const variable = v.looseObject({ path: v.string(), items: v.looseObject({ record: v.string() }) });

/** Whether a resource is the record of its stack, or a part of it. */
export function isRecordResource({ type, resource }: StackResource): boolean {
  return resource["//"]?.record !== undefined && (type === "consul_keys" || type === "nomad_variable");
}

/** Where the record is that a stack brings along, where it brings one: what keeps it, and what the project is called in it. */
export function recordPlaceIn(
  resources: readonly StackResource[],
): { readonly store: SynthesizedRecord["store"]; readonly project?: string } | undefined {
  const own = resources.find(isRecordResource);
  const project = own?.resource["//"]?.record?.project;
  const store = own?.type === "consul_keys" ? "consul" : "nomad";
  return own && { store, ...(project === undefined ? {} : { project }) };
}

/**
 * The record that a stack brings along, where it brings one.
 *
 * @param evaluate gives the text of a template
 * @throws UserError where a resource of it has another shape
 */
export function recordIn(
  resources: readonly StackResource[],
  evaluate: (template: string, path: string) => string,
): SynthesizedRecord | undefined {
  const own = resources.filter(isRecordResource);
  const [first] = own;
  const head = first?.resource["//"]?.record?.head;
  if (first === undefined || head === undefined) return undefined;
  const texts = own.flatMap(({ type, resource, path }) => {
    const refuse = (schema: string) => UserError.at(path, `is no record of a stack: no ${schema}`, "synthesized");
    if (type === "consul_keys") {
      const parsed = v.safeParse(keys, resource);
      if (!parsed.success) throw refuse("keys with values");
      return parsed.output.key.map((each) => [each.path, evaluate(each.value, path)] as const);
    }
    const parsed = v.safeParse(variable, resource);
    if (!parsed.success) throw refuse("variable with a record");
    return [[parsed.output.path, evaluate(parsed.output.items.record, path)] as const];
  });
  return { store: first.type === "consul_keys" ? "consul" : "nomad", head, texts: new Map(texts) };
}
