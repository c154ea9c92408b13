import fc from "fast-check";
import { Job } from "../../lib";
import { definitionOf, type BlockDefinition, type Field } from "../../lib/jobspec/engine";

type Json = Record<string, unknown>;

/** Texts that are hard to write: quotes, backslashes, templates, line breaks, signs of other alphabets. */
const awkward = fc.constantFrom(
  'a "quoted" word',
  "back\\slash",
  "${NOMAD_PORT_http} and ${meta.rack}",
  "$${literal} %{if} %%{",
  "two\nlines\n",
  "tab\there",
  "émoji 🚀",
  "${unclosed",
  "EOF\nEOT\n",
  "",
);
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
const text = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: awkward });
const seconds = fc.integer({ min: 1, max: 600 }).map((count) => count * 1e9);
const name = fc.stringMatching(/^[a-z][a-z0-9]{2,7}$/);

/** Values of a field as API JSON. */
function valueOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case "string":
      return field.values ? fc.constantFrom(...field.values) : text;
    case "int":
    case "mebibytes":
      return fc.integer({ min: 0, max: 400 });
    case "bool":
      return fc.boolean();
    case "duration":
      return seconds;
    case "strings":
      return fc.array(text, { maxLength: 3 });
    case "numbers":
      return fc.array(fc.integer({ min: 0, max: 65535 }), { maxLength: 3 });
    case "string-map":
      // Most maps are blocks of HCL, whose keys are names.
      return fc.dictionary(
        field.options.assigned === "possible" ? fc.oneof(name, fc.constantFrom("a.b", "with space", "UPPER_1")) : name,
        text,
        { maxKeys: 3 },
      );
    case "strings-map":
      return fc.dictionary(name, fc.array(text, { minLength: 1, maxLength: 2 }), { maxKeys: 2 });
    case "any-map":
      return config;
    case "block":
      return blockOf(definition(field), depth + 1);
    case "blocks":
      return fc.array(blockOf(definition(field), depth + 1), { maxLength: 2 });
    default:
      return fc.constant(undefined);
  }
}

/** A driver's configuration: free JSON as HCL can say it. */
const config: fc.Arbitrary<Json> = fc.dictionary(
  name,
  fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      text,
      fc.integer(),
      fc.boolean(),
      fc.array(text, { maxLength: 3 }),
      fc.array(fc.dictionary(name, tie("value"), { minKeys: 1, maxKeys: 2 }), { minLength: 1, maxLength: 2 }),
    ),
  })).value,
  { maxKeys: 3 },
);

function definition(field: Field): BlockDefinition {
  return definitionOf((field.of as () => typeof Job)());
}

/** Which fields of a block are drawn at all: few at a time, so that jobs are valid often. */
function blockOf(of: BlockDefinition, depth: number): fc.Arbitrary<Json> {
  // What HCL has no word for, such as whether a job is stopped, is not drawn.
  const sayable = of.list.filter(({ name: own, field }) => field.options.hcl !== "" || own === of.key);
  const entries = sayable.filter(
    ({ field }) =>
      field.kind !== "special" && field.kind !== "block-map" && !field.hcl && field.options.since === undefined,
  );
  const own = Object.fromEntries(
    entries.map(({ field }) => {
      const drawn = valueOf(field, depth);
      const chance = depth > 3 ? 0 : field.kind.startsWith("block") ? 1 : 2;
      const absent = { weight: 12, arbitrary: fc.constant(undefined) };
      return [field.api[0], field.required ? drawn : fc.oneof(absent, { weight: chance, arbitrary: drawn })];
    }),
  );
  return fc.record(own).map(withoutUndefined);
}

function withoutUndefined(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
}

const task = fc
  .tuple(blockOf(definitionIn("Task"), 2), name, fc.constantFrom("docker", "exec", "raw_exec", "mine"), config)
  .map(([json, own, Driver, Config]) => ({ ...json, Name: own, Driver, Config }));

const group = fc
  .tuple(
    blockOf(definitionIn("TaskGroup"), 1),
    name,
    fc.array(task, { minLength: 1, maxLength: 2 }),
    fc.array(fc.record({ Label: name, Value: fc.constantFrom(0, 0, 8080, 9090), To: fc.constantFrom(0, 80, -1) }), {
      maxLength: 2,
    }),
  )
  .map(([json, own, Tasks, ports]) => {
    const reserved = ports.filter(({ Value }) => Value !== 0);
    const dynamic = ports.filter(({ Value }) => Value === 0);
    const network = {
      Mode: "host",
      ...(reserved.length > 0 ? { ReservedPorts: reserved } : {}),
      ...(dynamic.length > 0 ? { DynamicPorts: dynamic } : {}),
    };
    return { ...json, Name: own, Tasks, ...(ports.length > 0 ? { Networks: [network] } : {}) };
  });

/** Jobs as API JSON, drawn over the definitions of all blocks: valid often, and hard to write always. */
export const jobs: fc.Arbitrary<Json> = fc
  .tuple(blockOf(definitionOf(Job), 0), name, fc.array(group, { minLength: 1, maxLength: 2 }))
  .map(([json, id, TaskGroups]) => ({ ...json, ID: id, Name: id, TaskGroups }));

/** The definition of a block somewhere in a job, by its type in the API. */
function definitionIn(api: string): BlockDefinition {
  const visited = new Set<BlockDefinition>();
  const find = (of: BlockDefinition): BlockDefinition | undefined => {
    if (of.api === api) return of;
    if (visited.has(of)) return undefined;
    visited.add(of);
    for (const { field } of of.list) {
      const found = field.of && find(definition(field));
      if (found) return found;
    }
    return undefined;
  };
  return find(definitionOf(Job)) as BlockDefinition;
}
