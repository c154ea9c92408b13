import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "../../lib/cli";
import { cli, environment } from "../support/run-cli";

const ROOT = join(__dirname, "../..");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"))));
/** What this repository's program says and does, run once. */
let ran: ReturnType<typeof runProgram>;
beforeAll(() => (ran = runProgram({})));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const commands = COMMANDS.flatMap(([, entries]) =>
  entries.flatMap((entry) =>
    "commands" in entry
      ? entry.commands.map((inner) => ({ called: `${entry.name} ${inner.name}`, ...inner }))
      : [{ called: entry.name, ...entry }],
  ),
);

/** A project whose program says and does one thing. */
function project(app: string): string {
  const place = mkdtempSync(join(folder, "project-"));
  writeFileSync(join(place, "cdktf.json"), JSON.stringify({ app }));
  return place;
}

function runProgram(env: Record<string, string>) {
  return spawnSync(process.execPath, ["--import", "tsx", "main.ts"], {
    cwd: ROOT,
    env: { ...process.env, CDKTF_OUTDIR: outdir(), ...env },
    encoding: "utf8",
  });
}

/** Where it wrote its stacks. */
function outdir(): string {
  return join(folder, "out");
}

/** A project whose program writes those stacks again, without a compiler. */
function synthesized(): string {
  return project(`cp -R '${outdir()}/.' "$CDKTF_OUTDIR"`);
}

describe.each(commands.map((command) => [command.called, command] as const))("cdk-nomad %s", (called, command) => {
  const words = called.split(" ");

  test("has help with what it does, an example and its exit codes", async () => {
    const { code, stdout, stderr } = await cli([...words, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/Exit codes:\n {2}0 {4}\S[^]*\n {2}1 {4}\S[^]*\n {2}130 {2}\S[^]*\n {2}143 {2}\S/);
    expect(stdout).toMatch(/Examples?:\n {2}\$ \S/);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(command.summary);
  });

  test("says of a wrong option what to write instead", async () => {
    const { code, stdout, stderr } = await cli([...words, "--nope"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const said = stderr.replaceAll(/\s+/g, " ");
    expect(said).toContain("unknown option '--nope'");
    expect(said).toContain(`cdk-nomad ${called} --help`);
    expect(said).toContain(command.examples[0]);
    expect(said).not.toMatch(/ at .*\.(ts|js):\d+/);
  });

  test("says with --json on stdout what is wrong", async () => {
    const { code, stdout } = await cli([...words, "--nope", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        problems: [{ rule: "usage", path: "", message: expect.stringContaining("--nope"), severity: "error" }],
      },
    });
  });
});

test("whatever reads variables says where else their values come from", async () => {
  const reading = commands.filter(({ options }) => "var" in options);
  expect(reading.map(({ called }) => called)).toEqual(
    expect.arrayContaining(["import", "render", "capacity", "deploy"]),
  );
  for (const { called, options } of reading) {
    const { stdout } = await cli([...called.split(" "), "--help"]);
    const said = ["TF_VAR_name", "NOMAD_VAR_name"].filter((name) => stdout.includes(name));
    expect([called, ...said]).toEqual([called, "TF_VAR_name", ...("varFile" in options ? ["NOMAD_VAR_name"] : [])]);
  }
});

test("a missing argument and an unknown command are said, with what to write", async () => {
  const missing = await cli(["deploy"]);
  expect([missing.code, missing.stderr.replaceAll(/\s+/g, " ")]).toEqual([
    1,
    expect.stringMatching(/missing required argument 'environment'; write cdk-nomad deploy .*<environment>, such as: /),
  ]);
  const unknown = await cli(["deplyo", "dev"]);
  expect([unknown.code, unknown.stderr.replaceAll(/\s+/g, " ")]).toEqual([
    1,
    expect.stringMatching(/unknown command 'deplyo' \(Did you mean deploy\?\); cdk-nomad --help says more/),
  ]);
  const nothing = await cli([]);
  expect([nothing.code, nothing.stdout, nothing.stderr]).toEqual([1, "", expect.stringContaining("Usage: cdk-nomad")]);
});

test("what is wrong with several options is said at once", async () => {
  const { stderr } = await cli(["promote", "dev", "--timeout", "soon", "--canary-weight", "200"]);
  expect(stderr).toContain('--timeout: "soon" is no length of time; write 90s or 10m, say');
  expect(stderr).toContain('--canary-weight: "200" is no percentage; write 0 to 100');
});

describe("bad input is answered on one screen, without a stack, with exit code 1", () => {
  test.each<[string, string[], { cwd?: () => string; env?: Record<string, string> }, RegExp]>([
    [
      "an unknown environment",
      ["deploy", "nowhere"],
      {},
      /nowhere: there is no such environment; write one of dev, prod, staging/,
    ],
    ["a port of the page that is none", ["ui", "--port", "99999"], {}, /--port: "99999" is no port; write a whole/],
    [
      "a port of the service that is none",
      ["serve", "--port", "65536"],
      {},
      /--port: "65536" is no port; write a whole/,
    ],
    [
      "a port of the service's variable that is none",
      ["serve", "--pool", "warm-pool-openai", "--no-token"],
      { env: { POOL_SERVICE_PORT: "70000" } },
      /POOL_SERVICE_PORT: "70000" is no port; write a whole/,
    ],
    ["prod", ["deploy", "prod"], {}, /goes through Terraform.*npx cdktf deploy prod/],
    [
      "an unreachable cluster",
      ["deploy", "dev"],
      { env: { NOMAD_ADDR: "http://127.0.0.1:9" } },
      /Nomad does not answer at http:\/\/127\.0\.0\.1:9/,
    ],
    ["an address that is none", ["status"], { env: { NOMAD_ADDR: "::" }, cwd: () => project("true") }, /^(?!.*Error:)/],
    [
      "a port offset that is no number",
      ["up", "--port-offset", "many"],
      {},
      /--port-offset: "many" is no whole number/,
    ],
    [
      "a port offset out of range",
      ["up", "--port-offset", "99999"],
      { cwd: () => project("true") },
      /--port-offset: 99999 is out of range/,
    ],
    [
      "a value that a variable refuses",
      ["deploy", "dev", "--var", "log_level=loud"],
      {},
      /var\.log_level: "loud" is refused/,
    ],
    ["a variable that is none", ["deploy", "dev", "--var", "nope=1"], {}, /var\.nope: is not declared/],
    [
      "no project",
      ["up"],
      { cwd: () => tmpdir() },
      /no cdktf\.json in .*write \{ "language": "typescript", "app": "npx tsx main.ts" \} into cdktf\.json/,
    ],
    [
      "a program that fails",
      ["deploy", "dev"],
      { cwd: () => project("echo dev.launcher.count: is negative >&2; exit 1") },
      /dev\.launcher\.count: is negative/,
    ],
    ["a settings file that is no JSON", ["deploy", "dev"], { cwd: () => broken("{") }, /cdktf\.json: is no JSON/],
    [
      "a settings file without a program",
      ["deploy", "dev"],
      { cwd: () => broken("{}") },
      /cdktf\.json\.app: names no program/,
    ],
  ])("%s", async (name, args, { cwd, env }, message) => {
    const said = await cli(args, { cwd: cwd?.() ?? synthesized(), env: environment(env) });
    expect(said.stderr.replaceAll(/\s+/g, " ")).toMatch(message);
    expect(said.stderr).not.toMatch(/ at .*\.(ts|js):\d+/);
    // It is none, so `status` is about the embedded cluster, which does not run.
    expect(said.code).toBe(name === "an address that is none" ? 7 : 1);
  });
});

test("the process itself: what is missing on this machine is said, and the exit code is the command's", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "bin/cdk-nomad.js"), "up"], {
    cwd: project("true"),
    env: { PATH: "", CDK_NOMAD_CACHE: "/nonexistent/../tmp/cdk-nomad-no-cache", HOME: process.env.HOME, NO_COLOR: "1" },
    encoding: "utf8",
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr.replaceAll(/\s+/g, " ")).toMatch(/there is no consul here.*Install consul/);
  expect(stderr).not.toMatch(/ at .*\.(ts|js):\d+/);
});

function broken(text: string): string {
  const place = project("true");
  writeFileSync(join(place, "cdktf.json"), text);
  return place;
}

test("the program writes three stacks, and says its problems without a stack", () => {
  expect(ran.status).toBe(0);
  expect(
    Object.keys(
      (JSON.parse(readFileSync(join(outdir(), "manifest.json"), "utf8")) as { stacks: object }).stacks,
    ).sort(),
  ).toEqual(["dev", "prod", "staging"]);
  const bad = runProgram({ CDK_NOMAD_PORT_OFFSET: "x" });
  expect([bad.status, bad.stderr]).toEqual([
    1,
    expect.stringContaining('CDK_NOMAD_PORT_OFFSET: "x" is no whole number'),
  ]);
});
