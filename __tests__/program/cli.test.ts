import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgram } from "../../lib/cli";

const ROOT = join(__dirname, "../..");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function cli(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NOMAD|CONSUL|PRISM)_/.test(name)),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "bin/cdk-nomad.js"), ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...clean, NO_COLOR: "1", ...options.env },
    encoding: "utf8",
  });
  return { status, stdout, stderr: stderr.replaceAll(/\s+/g, " ") };
}

/** A project whose program says and does one thing. */
function project(app: string): string {
  const place = mkdtempSync(join(folder, "project-"));
  writeFileSync(join(place, "cdktf.json"), JSON.stringify({ app }));
  return place;
}

describe("every command", () => {
  test.each(buildProgram().commands.map((command) => [command.name(), command] as const))(
    "%s has help with an example",
    (_name, command) => {
      let help = "";
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(help).toMatch(/Examples?:\n {2}\$ /);
      expect(command.description()).not.toBe("");
    },
  );
});

describe("bad input is answered on one screen, without a stack, with exit code 1", () => {
  test.each<[string, string[], { cwd?: () => string; env?: Record<string, string> }, RegExp]>([
    [
      "an unknown environment",
      ["deploy", "nowhere"],
      {},
      /nowhere: there is no such environment; write one of dev, prod, staging/,
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
      "a missing binary",
      ["up"],
      { cwd: () => project("true"), env: { PATH: "", CDK_NOMAD_CACHE: "/nonexistent/../tmp/cdk-nomad-no-cache" } },
      /there is no consul here.*Install consul/,
    ],
    ["a port offset that is no number", ["up", "--port-offset", "many"], {}, /Write a whole number/],
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
    ["no project", ["up"], { cwd: () => tmpdir() }, /no cdktf\.json/],
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
  ])("%s", (name, args, { cwd, env }, message) => {
    const said = cli(args, { cwd: cwd?.(), env });
    expect(said.stderr).toMatch(message);
    expect(said.stderr).not.toMatch(/ at .*\.(ts|js):\d+/);
    expect(said.status).toBe(name === "an address that is none" ? 0 : 1);
  });
});

function broken(text: string): string {
  const place = project("true");
  writeFileSync(join(place, "cdktf.json"), text);
  return place;
}

test("the program writes three stacks, and says its problems without a stack", () => {
  const outdir = join(folder, "out");
  const run = (env: Record<string, string>) =>
    spawnSync(process.execPath, ["--import", "tsx", "main.ts"], {
      cwd: ROOT,
      env: { ...process.env, CDKTF_OUTDIR: outdir, ...env },
      encoding: "utf8",
    });
  expect(run({}).status).toBe(0);
  expect(
    Object.keys((JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as { stacks: object }).stacks).sort(),
  ).toEqual(["dev", "prod", "staging"]);
  const bad = run({ CDK_NOMAD_PORT_OFFSET: "x" });
  expect([bad.status, bad.stderr]).toEqual([
    1,
    expect.stringContaining('CDK_NOMAD_PORT_OFFSET: "x" is no whole number'),
  ]);
});
