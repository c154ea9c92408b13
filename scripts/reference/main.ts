import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { catalog } from "./catalog";
import { pages } from "./pages";
import { jobSchema } from "./schema";

const ROOT = join(__dirname, "../..");

/** Writes the JSON Schema and the reference, both made of the definitions. */
async function main(): Promise<void> {
  for (const { file, text } of await reference()) {
    mkdirSync(join(ROOT, file, ".."), { recursive: true });
    writeFileSync(join(ROOT, file), text);
  }
}

/** Every file that is made of the definitions, as it should be. */
export async function reference(): Promise<readonly { readonly file: string; readonly text: string }[]> {
  const entries = catalog();
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const made = await pages(entries);
  const schema = { file: "schema/job.json", text: JSON.stringify(jobSchema(entries, version)) };
  const all = [schema, ...made.map(({ file, text }) => ({ file: `docs/reference/${file}`, text }))];
  return Promise.all(
    all.map(async ({ file, text }) => ({ file, text: await format(text, { filepath: file, printWidth: 120 }) })),
  );
}

if (require.main === module) {
  rmSync(join(ROOT, "docs/reference"), { recursive: true, force: true });
  void main();
}
