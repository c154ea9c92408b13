import { definitionOf, nameInHcl, toHcl, type Field } from "../../lib/jobspec/host";
import { expressionOf } from "../../lib/typescript";
import type { CatalogEntry } from "./catalog";
import { sample } from "./samples";

/** A page of the reference: its file and its text. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** One page per block, and one that leads to them. */
export async function pages(entries: readonly CatalogEntry[]): Promise<readonly Page[]> {
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
    "Every block of a job, in the three ways to write it. Made by `npm run reference` of the definitions in lib/jobspec.",
    "",
    "| class | HCL | API | |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ];
  return [{ file: "README.md", text: index.join("\n") }, ...own];
}

function fileOf({ name }: CatalogEntry): string {
  return `${name.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase()}.md`;
}

async function page(entry: CatalogEntry, files: ReadonlyMap<CatalogEntry["definition"], string>): Promise<string> {
  const { name, definition, text, see, properties } = entry;
  const rows = definition.list.map(({ name: property, field }) => {
    const doc = properties.get(property);
    const notes = [doc?.text ?? "", ...marksOf(field)].filter((part) => part !== "").join(" ");
    const cells = [
      code(property),
      code(hclName(property, field)),
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
    ...(await example(entry)),
  ];
  return lines.join("\n");
}

/** The same block in three spellings. */
async function example({ type, definition }: CatalogEntry): Promise<readonly string[]> {
  const block = sample(type);
  const typescript = await expressionOf(block);
  const json = JSON.stringify(block.toApi(), null, 2);
  const hcl = definition.hcl === "" ? undefined : toHcl(block).trimEnd();
  const columns = [
    ["TypeScript", "ts", typescript.trimEnd()],
    ["HCL", "hcl", hcl ?? "# has no HCL"],
    ["JSON", "json", json],
  ] as const;
  return [
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
  return nameInHcl(property, field) || (field.kind === "string" ? "label" : "–");
}

const KINDS: Partial<Record<Field["kind"], string>> = {
  string: "text",
  int: "whole number",
  bool: "true or false",
  duration: "`Duration`; nanoseconds in JSON",
  mebibytes: "`Memory`; MiB in JSON",
  strings: "list of texts",
  numbers: "list of whole numbers",
  "string-map": "texts by name",
  "strings-map": "lists of texts by name",
  "any-map": "any JSON",
};

function typeOf(field: Field, files: ReadonlyMap<CatalogEntry["definition"], string>): string {
  if (field.values) return field.values.map((value) => code(`"${value}"`)).join(", ");
  if (field.api.includes("Driver")) return "`Driver`";
  if (field.api.includes("CPU")) return "`Cpu`";
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

function defaultOf({ options, required }: Field, said: string | undefined): string {
  if (required) return "required";
  if (said !== undefined) return said.replace(/^- /, "");
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
  return text === "" || text === "–" || text === "label" ? text || "–" : `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ");
}
