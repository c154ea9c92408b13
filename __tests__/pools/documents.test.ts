import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { clusterForSuite } from "../support/cluster";
import { blocksOf, commandsOf } from "../support/documents";
import type { Said } from "../support/project";
import { cli, environment } from "../support/run-cli";

/** The programs and the commands of docs/pools.md, as they are written, from a user's folder, on the dev stack that a user has. */

// eslint-disable-next-line @typescript-eslint/no-require-imports -- what npm runs is CommonJS without types
const { isCompiled } = require("../../scripts/compiled.cjs") as { readonly isCompiled: (root: string) => boolean };
const ROOT = join(__dirname, "../..");
const cluster = clusterForSuite({ program: join(ROOT, "__tests__/operate/programs/environments.ts") });
const blocks = blocksOf("docs/pools.md");
const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-pools-"));

/** What `eval "$(npx cdk-nomad env)"` says in the project. */
let known: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  // A package.json without a type, as `npm init` leaves it, and the package in node_modules.
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "somebody", version: "1.0.0" }));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(join(ROOT, "bin/cdk-nomad.js"), join(bin, "cdk-nomad"));
  // What a module may import by its name is what was compiled: Node reads the names of an `export *` in JavaScript alone.
  if (!isCompiled(ROOT)) execFileSync(process.execPath, [join(ROOT, "scripts/prepare.cjs")]);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/cdk-nomad"));
  const deployed = await cluster.project.run(["deploy", "dev"], {
    ...cluster.environment,
    CDK_NOMAD_PORT_OFFSET: String(cluster.offset),
  });
  if (deployed.code !== 0) throw new Error(deployed.stderr);
  const said = await cluster.project.run(["env", "--json"]);
  known = JSON.parse(said.stdout) as Record<string, string>;
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Said> {
  const PATH = `${join(folder, "bin")}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, ...known, PATH, NO_COLOR: "1", ...more };
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

/** A program of the page, in a file as the page says. */
function program(part: string, more: Readonly<Record<string, string>> = {}): Promise<Said> {
  const block = blocks.find(({ language, text }) => language === "ts" && text.includes(part));
  if (!block) throw new Error(`the page has no program with ${part}`);
  writeFileSync(join(folder, "first.mts"), block.text);
  return run(process.execPath, ["--import", require.resolve("tsx"), "first.mts"], more);
}

/** What is said of a job without its driver. */
const WITHOUT = "no node has the driver docker; write another one into RUNTIME_DRIVER";
const command = (line: string) => run("sh", ["-c", line]);
/** A command of pools in this process, which is faster. */
const pool = (line: string) => cli(["pool", ...line.split(" ")], { cwd: folder, env: environment(known) });

test("the page says how its programs are run", () => {
  expect(
    blocks.filter(({ language, text }) => language === "ts" && /^(?:const .*= )?await /m.test(text)).length,
  ).toBeGreaterThan(2);
  expect(known.POOL_SERVICE_ADDR).toBe(`http://127.0.0.1:${8790 + cluster.offset}`);
});

test("the first program runs a command in a container that waits", async () => {
  expect(await program("getWarmPoolManager()")).toEqual({ code: 0, stdout: "0 hello\n\n", stderr: "" });
}, 60_000);

test("the program of slot pools runs one in a slot", async () => {
  expect(await program("new SlotPool({")).toEqual({ code: 0, stdout: "0 built\n\n", stderr: "" });
}, 60_000);

test("the program of runtime jobs runs one in a job of its own; without its driver it says at once what to write", async () => {
  const nodes = (await (await cluster.ask("nomad", "/v1/nodes")).json()) as readonly {
    readonly Drivers: Readonly<Record<string, { readonly Healthy: boolean }>>;
  }[];
  const hasDocker = nodes.some(({ Drivers }) => Drivers.docker?.Healthy);
  if (hasDocker) console.log("skipped: a job without its driver, since this machine has the driver docker");
  const said = hasDocker ? { code: 1, stderr: WITHOUT } : await program("getNomadManager()");
  expect([said.code, said.stderr]).toEqual([1, expect.stringMatching(/no node has the driver docker.*RUNTIME_DRIVER/)]);
  expect(await program("getNomadManager()", { RUNTIME_DRIVER: "raw_exec" })).toEqual({
    code: 0,
    stdout: "0 hello\n\n",
    stderr: "",
  });
}, 90_000);

test("the request to the service is answered as the page shows, for the owner that it names, and for no other", async () => {
  const block = blocks.find(({ text }) => text.includes("curl -H"));
  const [, ...curl] = (block?.text ?? "").split("\n").filter((line) => !line.startsWith("#"));
  const said = await command(curl.join("\n"));
  expect([said.code, JSON.parse(said.stdout)]).toMatchObject([0, { success: true, warm: true, stdout: "hello\n" }]);
  // The library and the service see the same pool: where nothing keeps users apart it serves one, whoever is asked.
  const { isolation } = JSON.parse(said.stdout) as { readonly isolation: string };
  const other = await command(curl.join("\n").replace('"userId": "dev"', '"userId": "ada"'));
  const refused = { code: "pool-without-isolation" };
  expect(JSON.parse(other.stdout)).toMatchObject(isolation === "none" ? refused : { success: true });
}, 60_000);

test("the commands of the table work one after another", async () => {
  const claimed = await command("cdk-nomad pool claim warm-pool-openai --wait 20s");
  expect([claimed.code, claimed.stderr]).toEqual([
    0,
    expect.stringContaining("the pools' service at http://127.0.0.1:"),
  ]);
  const [, id = "", generation = ""] = /^container +(\S+)\ngeneration +(\d+) /.exec(claimed.stdout) ?? [];
  const said = await command(`cdk-nomad pool exec ${id} --generation ${generation} -- echo hello`);
  expect(said).toEqual({ code: 0, stdout: "hello\n", stderr: "" });
  for (const line of [
    `release ${id}`,
    "drain warm-pool-openai",
    "status",
    "fill warm-pool-openai",
    "recycle warm-pool-openai",
  ])
    expect([line, await pool(line)]).toEqual([line, expect.objectContaining({ code: 0 })]);
  const slots = await pool("drain hermes-sandbox");
  expect([slots.code, slots.stderr]).toEqual([1, expect.stringMatching(/is a slot pool/)]);
}, 60_000);

test("a drained pool is said by status without a stack, too", async () => {
  await pool("drain warm-pool-google");
  const said = await cluster.project.run(["status"]);
  expect(said.stdout).toMatch(/warm-pool-google-\w+ +service +drained/);
  expect(said.stdout).toContain("npx cdk-nomad pool fill warm-pool-google");
}, 60_000);

test("a token is made as the page says", async () => {
  const block = blocks.find(({ language, text }) => language === "sh" && text.includes("pool token create"));
  const [line = ""] = block ? commandsOf(block) : [];
  expect(await command(line)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^cnp_/) });
});
