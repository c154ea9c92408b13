import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { cli, environment } from "../support/run-cli";
import { testWithNomad } from "../support/nomad-parser";

/** A folder that is no project, nor in one. */
let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "cdk-nomad-files-"))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: unknown) =>
  writeFileSync(join(cwd, name), typeof text === "string" ? text : JSON.stringify(text));

const task = { Name: "t", Driver: "exec", Config: { command: "/bin/true" } };
const api = { ID: "web", TaskGroups: [{ Name: "g", Tasks: [task] }] };
const asJson = {
  job: { web: { group: { g: { task: { t: { driver: "exec", config: { command: "/bin/true" } } } } } } },
};
const hcl =
  'job "web" {\n  group "g" {\n    task "t" {\n      driver = "exec"\n      config {\n        command = "/bin/true"\n      }\n    }\n  }\n}\n';

const FORMS: readonly (readonly [string, string, unknown])[] = [
  ["API JSON", "web.json", api],
  ["API JSON with the outer key", "web.json", { Job: api }],
  ["API JSON under a name of HCL", "web.nomad", api],
  ["HCL", "web.nomad.hcl", hcl],
  ["HCL as JSON", "web.nomad.json", asJson],
  ["HCL as JSON under a name of HCL", "web.nomad", asJson],
  ["HCL as JSON with lists", "web.json", { job: [asJson.job] }],
];

describe.each([
  ["validate", ["validate"], /✓ /],
  ["render", ["render"], /"ID": "web"/],
  ["import", ["import"], /export const web = new Job/],
  ["capacity", ["capacity", "--node", "4cpu,8GiB"], /web g/],
] as const)("cdk-nomad %s reads, outside of any project,", (_command, args, expected) => {
  testWithNomad.each(FORMS)("%s in %s and on standard input", async (_form, name, text) => {
    write(name, text);
    const said = await cli([...args, name], { cwd, env: environment() });
    expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(expected) as string });
    const stdin = Readable.from([readFileSync(join(cwd, name))]);
    const piped = await cli([...args, "-"], { cwd, stdin, env: environment() });
    expect(piped).toMatchObject({ code: 0, stdout: said.stdout.replaceAll(name, "stdin") });
    // Nothing is made beside the file.
    expect(readdirSync(cwd)).toEqual([name]);
  });
});

describe("what cannot be read", () => {
  test.each<[string, string | undefined, RegExp]>([
    ["nothing on standard input", undefined, /stdin: is empty/],
    ["JSON that is none", '{"ID": "web", "Meta": {"password": "hunter-two"', /is no JSON/],
  ])("%s is said, without what stands in it", async (_name, text, expected) => {
    write("web.json", text ?? "");
    const stdin = Readable.from(text === undefined ? [] : [Buffer.from(text)]);
    const said = await cli(["render", text === undefined ? "-" : "web.json"], { cwd, stdin, env: environment() });
    expect(said.code).toBe(1);
    expect(said.stderr).toMatch(expected);
    expect(said.stderr).not.toContain("hunter-two");
  });

  testWithNomad("every file of several is told, each with its line, once", async () => {
    write("a.nomad.hcl", 'job "a" {\n  group "g" { foo = [ }\n}\n');
    write("b.nomad.hcl", 'job "b" {\n  nonsense = 1\n}\n');
    write("c.json", "{\n  x\n}");
    for (const command of ["import", "validate"]) {
      const { code, stdout, stderr } = await cli([command, "a.nomad.hcl", "b.nomad.hcl", "c.json", "d.json"], {
        cwd,
        env: environment(),
      });
      const said = stdout + stderr;
      expect(code).toBe(1);
      for (const place of [/a\.nomad\.hcl:2\b/g, /b\.nomad\.hcl:2\b/g, /c\.json:2\b/g, /d\.json/g])
        expect(said.match(place)?.length).toBeGreaterThanOrEqual(1);
      expect(said.match(/nonsense" is not expected here/g)).toHaveLength(1);
    }
  });

  test("a name that is neither a file nor can be a stack's is a missing file", async () => {
    const said = await cli(["render", "none.nomad.hcl"], { cwd, env: environment() });
    expect(said.stderr).toContain("none.nomad.hcl: is no file");
  });
});

describe("cdk-nomad import --out", () => {
  const run = (...args: string[]) =>
    cli(["import", "web.json", "--out", "web.ts", ...args], { cwd, env: environment() });

  test("replaces what says something else only with --force", async () => {
    write("web.json", api);
    expect((await run()).code).toBe(0);
    const written = readFileSync(join(cwd, "web.ts"), "utf8");
    expect((await run()).code).toBe(0);
    write("web.ts", `${written}// Mine.\n`);
    const refused = await run();
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("web.ts: is there and says something else") as string,
    });
    expect(refused.stderr).toContain("--force");
    expect(readFileSync(join(cwd, "web.ts"), "utf8")).toContain("// Mine.");
    expect((await run("--force")).code).toBe(0);
    expect(readFileSync(join(cwd, "web.ts"), "utf8")).toBe(written);
  });

  test("never replaces a folder", async () => {
    write("web.json", api);
    const said = await cli(["import", "web.json", "--out", ".", "--force"], { cwd, env: environment() });
    expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining("is a folder") as string });
  });
});
