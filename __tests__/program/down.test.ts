import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli, environment } from "../support/run-cli";

let project: string;
let folder: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "cdk-nomad-down-"));
  writeFileSync(join(project, "cdktf.json"), JSON.stringify({ app: "true" }));
  folder = join(project, ".cdk-nomad");
  mkdirSync(join(folder, "pool-service"), { recursive: true });
  mkdirSync(join(folder, "data", "nomad"), { recursive: true });
  for (const name of ["consul", "nomad", "nomad-us-east"]) writeFileSync(join(folder, `${name}.json`), "{}");
  for (const name of ["consul", "nomad"]) writeFileSync(join(folder, `${name}.log`), "a line\n");
  writeFileSync(join(folder, "pool-service", "token"), "cnp_token");
  writeFileSync(join(folder, "pool-service", "tokens.jsonl"), "{}");
  writeFileSync(join(folder, "notes.json"), "{}");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

test.each([
  ["whose state is known", JSON.stringify({ format: 1, portOffset: 0, regions: ["global"], agents: {} })],
  ["whose state is not readable", "{"],
  ["of which nobody knows", undefined],
])("down leaves nothing of a cluster %s but its logs, and no token", async (_which, state) => {
  if (state !== undefined) writeFileSync(join(folder, "cluster.json"), state);
  const said = await cli(["down"], { cwd: project, env: environment() });
  expect([said.code, said.stdout]).toEqual([0, ""]);
  const left = readdirSync(folder).sort();
  expect(left).toEqual([".gitignore", "consul.log", "nomad.log", "notes.json"]);
  // All that stays is said, with the reason.
  for (const name of left.slice(1)) expect(said.stderr).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"));
});

test("down in a project that never had a cluster makes no trouble", async () => {
  rmSync(folder, { recursive: true });
  const said = await cli(["down"], { cwd: project, env: environment() });
  expect([said.code, said.stderr]).toEqual([0, "no cluster was running\n"]);
  expect(existsSync(join(folder, "pool-service"))).toBe(false);
});
