import { BLOCK_EXAMPLES } from "../../examples/blocks";
import { type Block, Driver, Task } from "../../lib/jobspec";
import { definitionOf, KNOWN_DRIVERS, nameInHcl, toHcl, type Field } from "../../lib/jobspec/host";
import { expressionOf } from "../../lib/typescript";
import type { CatalogEntry, MethodDoc, ValueEntry } from "./catalog";
import type { LibraryPage } from "./library";

/** A page of the reference: its file and its text. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** What every block can do, said once. */
const OF_EVERY_BLOCK = [
  "A block is a value, which nothing changes. Beside what its own page says, each has `with({ … })`, which gives back the same block with other properties,",
  "`withMore(list, …blocks)` and `without(list, which)` for its lists, `resolved` with the defaults that a server fills in, and `toApi()`. Where a page lists",
  'named constructors, they are the usual way to make one: `Check.http({ path: "/health" })` in place of `new Check({ … })`.',
];

/**
 * One page per block and per value that blocks are made of, and one that leads to them.
 *
 * @param rest the pages of the library's other parts, which that one leads to as well
 */
export async function pages(
  entries: readonly CatalogEntry[],
  values: readonly ValueEntry[],
  rest: readonly LibraryPage[],
): Promise<readonly Page[]> {
  const files = new Map(entries.map((entry) => [entry.definition, fileOf(entry)]));
  const own = await Promise.all(
    entries.map(async (entry) => ({ file: fileOf(entry), text: await page(entry, files) })),
  );
  const rows = entries.map(
    (entry) =>
      `| [${entry.name}](${fileOf(entry)}) | ${code(entry.definition.hcl)} | ${code(entry.definition.api)} | ${cell(entry.text)} |`,
  );
  const index = [
    "# Blocks",
    "",
    "Every block of a job, in the three ways to write it. Made by `npm run reference` of the definitions in lib/jobspec and the examples in examples/blocks.",
    "",
    ...OF_EVERY_BLOCK,
    "",
    "| class | HCL | API | |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "## Values",
    "",
    "What properties of blocks are made of beside texts, numbers, lists and blocks.",
    "",
    "| class | |",
    "| --- | --- |",
    ...values.map((value) => `| [${value.name}](${fileOf(value)}) | ${cell(value.text)} |`),
    "",
    "## The rest of the library",
    "",
    "| page | |",
    "| --- | --- |",
    "| [Rules](rules.md) | What a job is judged by, each rule with an example. |",
    ...rest.map(({ file, title, intro }) => `| [${title}](${file}) | ${cell(intro[0] ?? "")} |`),
    "",
  ];
  const ofValues = values.map((value) => ({ file: fileOf(value), text: valuePage(value) }));
  return [{ file: "README.md", text: index.join("\n") }, ...own, ...ofValues];
}

/** The page of a value: how it is made, and what it can do. */
function valuePage({ name, text, see, constructors, methods }: ValueEntry): string {
  return [
    `# ${name}`,
    "",
    text,
    "",
    ...(see ? [`Nomad's own page: <${see}>`, ""] : []),
    ...methodTable("Named constructors", constructors, `${name}.`),
    ...methodTable("Methods", methods, "."),
  ].join("\n");
}

function methodTable(title: string, methods: readonly MethodDoc[], before: string): readonly string[] {
  if (methods.length === 0) return [];
  return [
    `## ${title}`,
    "",
    "| | |",
    "| --- | --- |",
    ...methods.map(
      ({ name, parameters, text }) => `| ${code(`${before}${name}(${parameters.join(", ")})`)} | ${cell(text)} |`,
    ),
    "",
  ];
}

/** The page of a block or a value. */
export function fileOf({ name }: { readonly name: string }): string {
  return `${name.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase()}.md`;
}

async function page(entry: CatalogEntry, files: ReadonlyMap<CatalogEntry["definition"], string>): Promise<string> {
  const { name, definition, text, see, properties, constructors, methods } = entry;
  const rows = definition.list.map(({ name: property, field }) => {
    const doc = properties.get(property);
    const notes = [doc?.text ?? "", ...marksOf(field)].filter((part) => part !== "").join(" ");
    const cells = [
      code(property),
      hclName(property, field),
      field.api.map(code).join(", "),
      typeOf(field, files),
      cell(defaultOf(field, doc?.byDefault)),
      cell(notes),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const lines = [
    `# ${name}`,
    "",
    text,
    "",
    ...(see ? [`Nomad's own page: <${see}>`, ""] : []),
    ...(rows.length > 0
      ? ["| property | HCL | API | type | default | |", "| --- | --- | --- | --- | --- | --- |", ...rows, ""]
      : ["It has no properties.", ""]),
    ...methodTable("Named constructors", constructors, `${name}.`),
    ...methodTable("Methods", methods, "."),
    ...(await example(entry)),
  ];
  return lines.join("\n");
}

/** What shows how a block is written: the configuration of a driver in its task, everything else by itself. */
function shownOf({ name, type }: CatalogEntry): Block | undefined {
  const block = BLOCK_EXAMPLES[name];
  const driver = KNOWN_DRIVERS.find((known) => known.type === type);
  if (!block || !driver) return block;
  const make = Driver[driver.constructorName as "docker"] as unknown as (config: Block) => Driver;
  return new Task({ name: "web", driver: make(block) });
}

/** The same block in three spellings. */
async function example(entry: CatalogEntry): Promise<readonly string[]> {
  const { definition } = entry;
  const block = shownOf(entry);
  if (!block) return [];
  const typescript = await expressionOf(block);
  const json = JSON.stringify(block.toApi(), null, 2);
  const hcl = definition.hcl === "" ? undefined : toHcl(block).trimEnd();
  const columns = [
    ["TypeScript", "ts", typescript.trimEnd()],
    ["HCL", "hcl", hcl ?? "# has no HCL"],
    ["JSON", "json", json],
  ] as const;
  return [
    "## Example",
    "",
    "<table>",
    `<tr>${columns.map(([title]) => `<th>${title}</th>`).join("")}</tr>`,
    "<tr>",
    ...columns.flatMap(([, language, code]) => ["<td>", "", `\`\`\`${language}`, code, "```", "", "</td>"]),
    "</tr>",
    "</table>",
    "",
  ];
}

function hclName(property: string, field: Field): string {
  return code(nameInHcl(property, field)).replace(/^–$/, field.kind === "string" ? "label" : "–");
}

const KINDS: Partial<Record<Field["kind"], string>> = {
  string: "text",
  int: "whole number",
  bool: "true or false",
  duration: "[Duration](duration.md); nanoseconds in JSON",
  mebibytes: "[Memory](memory.md); MiB in JSON",
  strings: "list of texts",
  numbers: "list of whole numbers",
  "string-map": "texts by name",
  "strings-map": "lists of texts by name",
  "any-map": "any JSON",
};

function typeOf(field: Field, files: ReadonlyMap<CatalogEntry["definition"], string>): string {
  if (field.values) return field.values.map((value) => code(`"${value}"`)).join(", ");
  if (field.api.includes("Driver")) return "[Driver](driver.md)";
  if (field.api.includes("CPU")) return "[Cpu](cpu.md)";
  const known = KINDS[field.kind];
  if (known) return known;
  const type = (field.of as () => { name: string })();
  const file = [...files].find(([definition]) => definition === definitionFrom(type))?.[1];
  const link = file ? `[${type.name}](${file})` : code(type.name);
  return field.kind === "block" ? link : `list of ${link}`;
}

function definitionFrom(type: { name: string }): CatalogEntry["definition"] {
  return definitionOf(type as never);
}

function defaultOf({ options, required }: Field, stated: string | undefined): string {
  if (required) return "required";
  if (stated !== undefined) return stated.replace(/^- /, "");
  return options.default === undefined ? "" : JSON.stringify(options.default);
}

function marksOf({ options }: Field): readonly string[] {
  return [
    options.since ? `Since Nomad ${options.since}.` : "",
    options.until ? `Before Nomad ${options.until}, which does nothing with it.` : "",
    options.deprecated ? `Deprecated: ${options.deprecated}.` : "",
    options.enterprise === "ignored"
      ? "For Nomad Enterprise; open source ignores it."
      : options.enterprise
        ? "For Nomad Enterprise."
        : "",
  ];
}

function code(text: string): string {
  return text === "" || text === "–" ? "–" : `\`${text}\``;
}

/** A text in a cell of a table. Within code, `<` is itself. */
export function cell(text: string): string {
  const parts = text.replaceAll("\n", " ").split(/(`[^`]*`)/);
  return parts
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;")).replaceAll("|", "\\|"))
    .join("");
}
