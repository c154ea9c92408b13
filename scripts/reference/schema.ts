import type { Block } from "../../lib/jobspec";
import { definitionOf, type BlockDefinition, type Field } from "../../lib/jobspec/host";
import type { CatalogEntry, PropertyDoc } from "./catalog";

type Schema = Record<string, unknown>;

/**
 * A JSON Schema of a job as Nomad's API takes it, with or without the outer key. null is the same as absent; what only a server
 * sets may be there.
 */
export function jobSchema(entries: readonly CatalogEntry[], version: string): Schema {
  const byDefinition = new Map(entries.map((entry) => [entry.definition, entry]));
  const reached = new Map<string, Schema>();
  const visit = (entry: CatalogEntry): string => {
    const name = entry.definition.api;
    if (!reached.has(name)) {
      reached.set(name, {});
      reached.set(
        name,
        blockSchema(entry, (of) => visit(byDefinition.get(of) as CatalogEntry)),
      );
    }
    return name;
  };
  const job = entries.find(({ name }) => name === "Job") as CatalogEntry;
  const ref = { $ref: `#/$defs/${visit(job)}` };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A Nomad job, as its HTTP API takes it",
    description: `Made of the definitions of cdk-nomad ${version}.`,
    anyOf: [{ type: "object", required: ["Job"], properties: { Job: ref } }, ref],
    $defs: Object.fromEntries([...reached].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function blockSchema({ definition, text, properties }: CatalogEntry, visit: (of: BlockDefinition) => string): Schema {
  const own: Record<string, Schema> = {};
  for (const { name, field } of definition.list) {
    for (const api of field.api)
      own[api] = { ...fieldSchema(api, field, visit), ...marks(field, properties.get(name)) };
  }
  for (const api of Object.keys(definition.serverOnly ?? {}))
    own[api] = { description: "Set by a server.", readOnly: true };
  return { type: "object", description: text, properties: own, additionalProperties: false };
}

function marks({ options }: Field, doc: PropertyDoc | undefined): Schema {
  const words = [
    doc?.text,
    doc?.byDefault && `Default: ${doc.byDefault.replace(/^- /, "")}.`,
    options.since && `Since Nomad ${options.since}.`,
  ];
  return {
    description: words.filter(Boolean).join(" "),
    ...(options.default === undefined ? {} : { default: options.default }),
    ...(options.deprecated === undefined ? {} : { deprecated: true }),
    ...(options.enterprise ? { "x-enterprise": true } : {}),
  };
}

function fieldSchema(api: string, field: Field, visit: (of: BlockDefinition) => string): Schema {
  const nested = () => ({ $ref: `#/$defs/${visit(definitionIn(field))}` });
  const orNull = (type: string, more: Schema = {}) => ({ type: [type, "null"], ...more });
  switch (field.kind) {
    case "string":
      return orNull("string");
    case "int":
    case "mebibytes":
      return orNull("integer", limits(field));
    case "bool":
      return orNull("boolean");
    case "duration":
      return { type: ["integer", "string", "null"], title: "nanoseconds" };
    case "strings":
      return orNull("array", { items: { type: "string" } });
    case "numbers":
      return orNull("array", { items: { type: "integer" } });
    case "string-map":
      return orNull("object", { additionalProperties: { type: "string" } });
    case "strings-map":
      return orNull("object", { additionalProperties: orNull("array", { items: { type: "string" } }) });
    case "any-map":
      return orNull("object");
    case "block":
      return { anyOf: [nested(), { type: "null" }] };
    case "blocks":
      return orNull("array", { items: nested() });
    case "block-map":
      return orNull("object", { additionalProperties: nested() });
    default:
      return special(api, field, visit);
  }
}

/** Properties that stand for two keys of the API. */
function special(api: string, field: Field, visit: (of: BlockDefinition) => string): Schema {
  if (api === "Driver") return { type: "string" };
  if (api === "Config") return { type: ["object", "null"] };
  if (api === "CPU" || api === "Cores") return { type: ["integer", "null"] };
  return { type: ["array", "null"], items: { $ref: `#/$defs/${visit(definitionIn(field))}` } };
}

function definitionIn(field: Field): BlockDefinition {
  return definitionOf((field.of as () => new () => Block)());
}

/** Limits that a server keeps too. */
function limits({ options }: Field): Schema {
  const { min, max } = options as { readonly min?: number; readonly max?: number };
  if (options.lenient) return {};
  return {
    ...(min === undefined || !Number.isFinite(min) ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
  };
}
