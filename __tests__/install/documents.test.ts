import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { buildProgram } from "../../lib/cli/program";
import { blocksOf, commandsOf, DOCUMENTS, type Block } from "../support/documents";

/** The blocks of TypeScript of the documents, as files of a project that has this package. */
const ROOT = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-documents-"));
const all = DOCUMENTS.flatMap(blocksOf);
const programs = all.filter(({ language }) => language === "ts");

/** Whether it speaks to a cluster as soon as it is run: these are compiled, and what they do is tried in __tests__/pools. */
const isForCluster = (block: Block) => block.document === "docs/pools.md";

/** The first of them is what the others call ./admin. Those that wait for a cluster's answers are modules. */
function nameOf(block: Block): string {
  if (block === programs[0]) return "admin.ts";
  return `block-${programs.indexOf(block)}.${isForCluster(block) ? "mts" : "ts"}`;
}

beforeAll(() => {
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const block of programs) writeFileSync(join(folder, nameOf(block)), block.text);
  const own = {
    "cdk-nomad": [join(ROOT, "lib/index.ts")],
    "cdk-nomad/testing": [join(ROOT, "lib/testing/index.ts")],
    "cdk-nomad/pools": [join(ROOT, "lib/pools/index.ts")],
  };
  const compilerOptions = {
    paths: own,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
    noUnusedLocals: false,
  };
  const files = programs.map(nameOf);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(ROOT, "tsconfig.json"), compilerOptions, files, include: [] }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => {
  const env = { ...process.env, CDKTF_OUTDIR: join(folder, "out"), NO_COLOR: "1" };
  return execFileSync(process.execPath, args, {
    cwd: folder,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
};

test("there are blocks to try", () => expect(programs.length).toBeGreaterThan(3));

test("every block of TypeScript is taken by the compiler as it is written", () => {
  let said = "";
  try {
    run(join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json");
  } catch (error) {
    said = (error as { readonly stdout: string }).stdout;
  }
  expect(said).toBe("");
}, 240_000);

test.each(
  programs.filter((block) => !isForCluster(block)).map((block) => [`${block.document}:${block.line}`, block] as const),
)(
  "%s runs",
  (_place, block) => {
    expect(run("--import", require.resolve("tsx"), nameOf(block))).not.toContain("✗");
  },
  60_000,
);

const lines = all
  .filter(({ language }) => language === "sh")
  .flatMap(commandsOf)
  .flatMap((line) => line.split(/&&|\|/))
  .map((line) => line.trim());
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly scripts: object };
const npmScripts = lines.flatMap((line) => /^(?:\S+=\S+ )*npm (?:run )?([\w:]+)/.exec(line)?.[1] ?? []);

/** What npm does by itself. */
const OF_NPM = ["ci", "init", "install", "pack"];

test("every script of npm that a document names is there", () => {
  expect(npmScripts).toContain("start");
  expect([...Object.keys(scripts), ...OF_NPM]).toEqual(expect.arrayContaining(npmScripts));
});

const nothing = () => undefined;

/** What is wrong with the words behind `cdk-nomad`, by the program's own definitions; nothing where they are taken. */
function refused(words: readonly string[]): readonly string[] {
  const find = (command: Command, [first, ...rest]: readonly string[]): readonly [Command, readonly string[]] => {
    const next = command.commands.find((each) => each.name() === first);
    return next ? find(next, rest) : [command, first === undefined ? [] : [first, ...rest]];
  };
  const program = buildProgram({ print: nothing, note: nothing, choose: nothing, width: 100 });
  const [command, rest] = find(program, words);
  const { operands, unknown } = command.parseOptions([...rest]);
  const least = command.registeredArguments.filter(({ required }) => required).length;
  return [
    ...(command === program ? ["no such command"] : []),
    ...unknown.map((option) => `no option ${option}`),
    ...(operands.length < least ? ["an argument is missing"] : []),
  ];
}

/** A command with its words; inside of `$(…)` it ends with the bracket. */
const COMMAND = /(?<=\$\([^)]*)\bcdk-nomad ([^)]*)|\bcdk-nomad (.*)$/;

test.each(lines.filter((line) => COMMAND.test(line)))("`%s` is taken", (line) => {
  const found = COMMAND.exec(line);
  const words = (found?.[1] ?? found?.[2])?.replace(/ > .*/, "").match(/'[^']*'|[^\s']+/g) ?? [];
  expect(refused(words)).toEqual([]);
});

test("a command that is none, and an option that is none, would be noticed", () => {
  expect(refused(["deplyo", "dev"])).not.toEqual([]);
  expect(refused(["deploy", "dev", "--fast"])).toEqual(["no option --fast"]);
});
