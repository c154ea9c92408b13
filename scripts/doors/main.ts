import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { format } from "prettier";
import { exportsOf, type Exports } from "./exports";

const ROOT = join(__dirname, "../..");
const BLOCKS = ["lib/jobspec/blocks", "lib/jobspec/blocks/mesh"] as const;
const DRIVERS = "lib/jobspec/drivers";

/** A file of exports, as it should be. */
interface Door {
  readonly file: string;
  readonly text: string;
}

/** Makes the files through which the blocks and the drivers of the model are exported: whatever is a file of their folders is among them. */
export async function doors(root = ROOT): Promise<readonly Door[]> {
  const drivers = exportsIn(root, DRIVERS);
  const all = [
    ...BLOCKS.map((folder) => ({ file: `${folder}/all.ts`, text: everyExport(exportsIn(root, folder)) })),
    { file: `${DRIVERS}/all.ts`, text: everyExport(drivers) },
    { file: `${DRIVERS}/configurations.ts`, text: configurations(drivers) },
  ];
  return Promise.all(
    all.map(async ({ file, text }) => ({ file, text: await format(text, { filepath: file, printWidth: 120 }) })),
  );
}

const WRITTEN = "Written by `npm run doors` of the files in this folder.";

function everyExport(files: readonly Exports[]): string {
  const lines = files.map(
    ({ file, classes, props }) =>
      `export { ${[...classes, ...props.map((name) => `type ${name}`)].join(", ")} } from "./${file}";`,
  );
  return [`/** ${WRITTEN} */`, ...lines, ""].join("\n");
}

function configurations(files: readonly Exports[]): string {
  const imports = files.flatMap(({ file, configurations }) =>
    configurations.map(({ name }) => `import { ${name} } from "./${file}";`),
  );
  const entries = files.flatMap(({ configurations }) =>
    configurations.map(({ name, doc }) => `/** ${doc} */\n${constructorOf(name)}: ${name},`),
  );
  const meaning =
    "The class of each driver's configuration, under the name of the constructor of `Driver` that takes it.";
  return [...imports, "", `/** ${meaning} ${WRITTEN} */`, "export const configurations = {", ...entries, "};", ""].join(
    "\n",
  );
}

/** `rawExec` of `RawExecConfig`. */
function constructorOf(name: string): string {
  const bare = name.replace(/Config$/, "");
  return `${bare.charAt(0).toLowerCase()}${bare.slice(1)}`;
}

function exportsIn(root: string, folder: string): readonly Exports[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => exportsOf(basename(name, ".ts"), readFileSync(join(root, folder, name), "utf8")))
    .filter(({ classes, props }) => classes.length + props.length > 0);
}

async function main(): Promise<void> {
  for (const { file, text } of await doors()) {
    const path = join(ROOT, file);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
}

if (require.main === module) void main();
