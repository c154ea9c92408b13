import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { catalog, valueCatalog, type CatalogEntry } from "./catalog";
import { pages } from "./pages";
import { rulesPage } from "./rules";
import { jobSchema } from "./schema";

const ROOT = join(__dirname, "../..");

/** Writes the JSON Schema and the reference, both made of the definitions. */
async function main(): Promise<void> {
  const { files } = await reference();
  for (const { file, text } of files) {
    mkdirSync(join(ROOT, file, ".."), { recursive: true });
    writeFileSync(join(ROOT, file), text);
  }
}

/** What is made of the definitions. */
interface Reference {
  /** Every file, as it should be. */
  readonly files: readonly { readonly file: string; readonly text: string }[];
  /** Every block, with what is said of it. */
  readonly entries: readonly CatalogEntry[];
  /** Blocks, properties, constructors and methods of which nothing is said. */
  readonly silent: readonly string[];
}

/** Makes every file of the definitions, and says of what there is no doc comment. */
export async function reference(): Promise<Reference> {
  const entries = catalog();
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const values = valueCatalog();
  const made = await pages(entries, values);
  const schema = { file: "schema/job.json", text: JSON.stringify(jobSchema(entries, version)) };
  const rules = { file: "docs/reference/rules.md", text: rulesPage() };
  const all = [schema, rules, ...made.map(({ file, text }) => ({ file: `docs/reference/${file}`, text }))];
  const silentMethods = [...entries, ...values].flatMap(({ name, constructors, methods }) =>
    [...constructors, ...methods].filter(({ text }) => text === "").map((method) => `${name}.${method.name}()`),
  );
  const silent = entries.flatMap(({ name, definition, text, properties }) => [
    ...(text === "" ? [name] : []),
    ...definition.list.filter((of) => !properties.get(of.name)?.text).map((of) => `${name}.${of.name}`),
  ]);
  silent.push(...silentMethods);
  const files = await Promise.all(
    all.map(async ({ file, text }) => ({ file, text: await format(text, { filepath: file, printWidth: 120 }) })),
  );
  return { files, entries, silent };
}

if (require.main === module) {
  rmSync(join(ROOT, "docs/reference"), { recursive: true, force: true });
  void main();
}
