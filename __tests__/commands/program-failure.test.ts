import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { UserError, pathText } from "../../lib/errors";
import { judgeStack, withSynthesis } from "../../lib/operations";
import { verbInstead } from "../../lib/operations/stack/model-verbs";
import { growth, LINEAR } from "../support/growth";
import { programFailure } from "../../lib/operations/stack/program-failure";

// Programs fail in a real process, under the loader that projects use: what Node prints is what is read.

const TSX = require.resolve("tsx");
const CDKTF = JSON.stringify(require.resolve("cdktf"));
const folders: string[] = [];

function project(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad-failing-")));
  folders.push(folder);
  const app = `"${process.execPath}" --import ${TSX} main.ts`;
  for (const [name, text] of Object.entries({ "cdktf.json": JSON.stringify({ app }), ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function failureOf(files: Readonly<Record<string, string>>): Promise<string> {
  const synthesis = withSynthesis({ project: project(files), env: process.env }, async () => "nothing");
  return synthesis.then(String, (error: unknown) => (error as Error).message);
}

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  [
    "a value that is missing",
    { "main.ts": "const x: any = undefined;\nx.y.z;" },
    /^main\.ts:2:3: TypeError: .*'y'\); npx tsc --noEmit/,
  ],
  [
    "no TypeScript",
    { "main.ts": 'import "./stacks/dev";', "stacks/dev.ts": "\nconst = ;" },
    /^stacks\/dev\.ts:2:6: is no TypeScript: /,
  ],
  [
    "a module that is not there",
    { "main.ts": 'import "./stacks/dev";', "stacks/dev.ts": 'import "./nowhere";' },
    /^stacks\/dev\.ts: Cannot find module '\.\/nowhere'\ncalled at main\.ts$/,
  ],
  ["an error of its own", { "main.ts": 'throw new Error("no luck\\nat all");' }, /^main\.ts:1:7: no luck\nat all$/],
  [
    "a disk that is full",
    { "main.ts": 'import { writeFileSync } from "node:fs";\nwriteFileSync("/dev/full", "x");' },
    /^\/.*\/cdk-nomad-failing-\w+: cannot be written: the disk is full$/,
  ],
  [
    "a file of its own that is missing",
    { "main.ts": 'import { readFileSync } from "node:fs";\nreadFileSync("/nowhere/at-all");' },
    /^main\.ts:2:1: ENOENT: no such file or directory, open '\/nowhere\/at-all'$/,
  ],
  [
    "a method that no block has",
    { "main.ts": "const job: any = {};\nconst run = () => job.addMeta({});\nrun();" },
    /^main\.ts:2:23: TypeError: job\.addMeta is not a function; write withMeta.*Job has .*withMeta.*\ncalled at main\.ts:3:1$/,
  ],
  [
    "a rejection",
    { "main.ts": 'void Promise.reject(new RangeError("too far"));' },
    /^main\.ts:1:21: RangeError: too far$/,
  ],
])(
  "of a program with %s the place and the reason are said, and nobody else's lines",
  async (_what, files, expected) => {
    const message = await failureOf(files);
    expect(message).toMatch(expected);
    expect(message).not.toMatch(/node:internal|node_modules|\n\s+at |Node\.js v/);
  },
);

test("what a program printed before it failed is told as well", async () => {
  const message = await failureOf({ "main.ts": 'console.error("careful");\nthrow new Error("no luck");' });
  expect(message).toMatch(/printed before it failed:\ncareful\n.*main\.ts:2:7: no luck$/s);
});

test("a line of source that is a whole minified file is left out, with what Node says around it", () => {
  const said = `/p/node_modules/tsx/dist/x.cjs:22\n\`${"x".repeat(5000)}\`\n      ^\n\nError: The service was stopped\n    at /p/node_modules/esbuild/lib/main.js:1001:38 {\n  name: 'TransformError'\n}\n\nNode.js v20.20.2`;
  expect(programFailure(said, "/p")).toEqual({
    problems: [{ rule: "synthesis", path: [], message: "The service was stopped", severity: "error" }],
    before: "",
  });
});

test("an error that says one long word is read in time that grows with its length", async () => {
  const said = (length: number) => `/p/main.ts:1\n\nTypeError: ${"x".repeat(length)}\n    at /p/main.ts:1:1\n`;
  expect(await growth((length) => programFailure(said(length), "/p"), 100_000)).toBeLessThan(LINEAR);
});

test("what is no error of Node's stays as it was printed", () => {
  for (const said of ["", "no such thing", "Error: at the end", "1 problem, nothing was written:\n\n  dev: no"])
    expect(programFailure(said, "/p")).toBeUndefined();
});

test.each([
  ["job", "withMeat", /write withMeta.*; Job has/],
  ["task", "addEnv", /write withEnv.*; Task has/],
  ["n", "addTemplate", /write withTemplate.*\(Task\)/],
  ["shop", "frobnicate", /^$/],
])("%s.%s is told the nearest verb that there is", (receiver, missing, expected) => {
  expect(verbInstead(receiver, missing)).toMatch(expected);
});

test("what a program is refused for is all that is said, each with its place, and not that the program ended", async () => {
  const library = JSON.stringify(join(__dirname, "../../lib"));
  const folder = project({
    "main.ts": `import { App, TerraformStack } from ${CDKTF};
      import { Driver, Job, NomadJob, nomadProvider, runProgram, synthesize, Task, TaskGroup } from ${library};
      const stack = new TerraformStack(new App(), "dev");
      const task = new Task({ name: "t", driver: Driver.rawExec({ command: "/bin/true" }) });
      const job = new Job({ id: "x", type: "batch", groups: [new TaskGroup({ name: "g", count: "1" as never, tasks: [task] })] });
      new NomadJob(stack, "web", { job, provider: nomadProvider(stack) });
      console.error("what it says of itself");
      runProgram(() => synthesize(stack.node.root as App));`,
  });
  const options = { project: folder, env: process.env };
  const refused = await withSynthesis(options, () => Promise.resolve()).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UserError);
  expect((refused as UserError).problems.map(({ path, message }) => [pathText(path), message])).toEqual([
    ["dev/x.groups[g].count", expect.stringContaining('expected a whole number, found "1"')],
  ]);
});

test("a program that comes to no stack says why, whatever stack is asked about", async () => {
  const problem = { rule: "settings", path: ["dev.admin.cpu"], message: "write a number of MHz", severity: "error" };
  const folder = project({
    "main.ts": `require("node:fs").writeFileSync(process.env.CDK_NOMAD_PROBLEMS!, JSON.stringify([${JSON.stringify(problem)}]));`,
  });
  expect(await judgeStack("dev", { project: folder, env: process.env })).toEqual({ file: "dev", problems: [problem] });
});

test("a signal to all processes while the sources are translated prints nothing of theirs", () => {
  const script = `"${process.execPath}" bin/cdk-nomad.js --version & child=$!; sleep "$1"; kill -TERM -$$`;
  for (const after of ["0.4", "0.9", "1.4", "1.9"]) {
    const { stdout, stderr } = spawnSync("setsid", ["bash", "-c", script, "sh", after], {
      cwd: join(__dirname, "../.."),
      env: { ...process.env, TSX_DISABLE_CACHE: "1" },
      encoding: "utf8",
    });
    expect(stdout + stderr).not.toMatch(/esbuild|\n\s+at |The service was stopped/);
  }
});
