import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { catalog, valueCatalog, type CatalogEntry } from "./catalog";
import { libraryContent, type LibraryContent } from "./library";
import { LIBRARY_PAGES, libraryPages } from "./library-pages";
import { fileOf, pages } from "./pages";
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
  /** What the package exports beside its blocks, with what is said of it. */
  readonly library: LibraryContent;
  /** Blocks, properties, constructors and methods of which nothing is said. */
  readonly silent: readonly string[];
}

/** Makes every file of the definitions, and says of what there is no doc comment. */
export async function reference(): Promise<Reference> {
  const entries = catalog();
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const values = valueCatalog();
  const made = await pages(entries, values, LIBRARY_PAGES);
  const blocks = new Map([...entries, ...values].map((entry) => [entry.name, fileOf(entry)]));
  const library = libraryContent(LIBRARY_PAGES, namesWithPages([...blocks.keys()]));
  const schema = { file: "schema/job.json", text: JSON.stringify(jobSchema(entries, version)) };
  const rules = { file: "docs/reference/rules.md", text: rulesPage() };
  const all = [
    schema,
    rules,
    ...[...made, ...libraryPages(library, blocks)].map(({ file, text }) => ({ file: `docs/reference/${file}`, text })),
  ];
  const silentMethods = [...entries, ...values].flatMap(({ name, constructors, methods }) =>
    [...constructors, ...methods].filter(({ text }) => text === "").map((method) => `${name}.${method.name}()`),
  );
  const silent = entries.flatMap(({ name, definition, text, properties }) => [
    ...(text === "" ? [name] : []),
    ...definition.list.filter((of) => !properties.get(of.name)?.text).map((of) => `${name}.${of.name}`),
  ]);
  silent.push(...silentMethods, ...silentIn(library));
  const files = await Promise.all(
    all.map(async ({ file, text }) => ({ file, text: await format(text, { filepath: file, printWidth: 120 }) })),
  );
  return { files, entries, library, silent };
}

/** What the library exports without a word about it, with its members. */
function silentIn(library: LibraryContent): readonly string[] {
  return library.flatMap(({ entries }) =>
    entries.flatMap(({ name, kind, text, props, members, constructors, methods }) => [
      ...(text === "" && kind !== "function" ? [name] : []),
      ...[...props, ...members].filter((each) => each.text === "").map((each) => `${name}: ${each.name}`),
      ...[...constructors, ...methods].filter((each) => each.text === "").map((each) => `${name}: ${each.signature}`),
    ]),
  );
}

/** What stands on the pages of blocks and values: their classes, and the types of their properties. */
function namesWithPages(classes: readonly string[]): ReadonlySet<string> {
  return new Set(classes.flatMap((name) => [name, `${name}Props`, `${name.replace(/Config$/, "")}Props`]));
}

if (require.main === module) {
  rmSync(join(ROOT, "docs/reference"), { recursive: true, force: true });
  void main();
}
