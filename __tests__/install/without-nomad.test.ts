import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { ended, Project } from "../support/project";

/** Every way to a Nomad and a Consul is taken away: PATH, the cache, the releases, and Go to build them. */
const ROOT = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-without-"));
const cache = join(folder, "cache");
const project = new Project();
const nowhere = {
  PATH: join(folder, "bin"),
  CDK_NOMAD_CACHE: cache,
  CDK_NOMAD_RELEASES: "http://127.0.0.1:9",
  CDK_NOMAD_NOMAD: undefined,
  CDK_NOMAD_CONSUL: undefined,
};

beforeAll(() => mkdirSync(nowhere.PATH));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(project.folder, { recursive: true, force: true });
});

/** Files that are left in the cache. */
function cached(): string[] {
  return readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

test("start synthesizes and judges every stack, says what is missing and how to get it, and ends with 1", async () => {
  const said = await project.run(["start"], nowhere);
  const text = said.stderr.replaceAll(/\s+/g, " ");
  expect(said.stdout.trim().split("\n").sort()).toEqual(["✓ dev", "✓ prod", "✓ staging"]);
  for (const [name, version] of [
    ["nomad", "1.11.3"],
    ["consul", "1.20.1"],
  ] as const) {
    expect(text).toContain(`there is no ${name} here: none on PATH`);
    expect(text).toContain("the release: 127.0.0.1:9 cannot be reached");
    expect(text).toContain("there is no go on PATH to build it with");
    expect(text).toContain(`Install ${name} ${version} (https://developer.hashicorp.com/${name}/install; BUSL 1.1)`);
    expect(text).toContain(`CDK_NOMAD_${name.toUpperCase()}`);
  }
  expect(said.stderr).not.toMatch(/ {4}at /);
  expect(said.code).toBe(1);
  expect(cached()).toEqual([]);
}, 300_000);

test("the suites that need a cluster are skipped one by one, each with the reason, and the run passes", async () => {
  const jest = join(ROOT, "node_modules/jest/bin/jest.js");
  const suite = "__tests__/e2e";
  const { JEST_WORKER_ID: _worker, ...env } = process.env;
  const child = spawn(process.execPath, [jest, suite, "--selectProjects", "e2e", "--runInBand"], {
    cwd: ROOT,
    env: { ...env, ...nowhere },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = await ended(child);
  for (const file of readdirSync(join(ROOT, suite)).filter((name) => name.endsWith(".test.ts")))
    expect(said.stderr).toContain(`skipped: ${suite}/${file}; there is no consul here: none on PATH`);
  expect(said.stderr).toMatch(/Tests: +\d+ skipped, \d+ total/);
  expect(said.code).toBe(0);
}, 300_000);
