import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import { readRecord, type RecordStoreName } from "../../lib/operations";
import { LARGEST_TEXT, projectIdentity, RECORD_ROOT } from "../../lib/stack-record";
import { clusterForSuite } from "../support/cluster";
import { APP, flat, Project } from "../support/project";
import { cli, environment } from "../support/run-cli";
import type { RecordedProgram } from "./programs/recorded-jobs";

// What a stack brought, and with what, is known to whoever comes after.

const PROGRAM = join(__dirname, "programs/recorded-jobs.ts");
const cluster = clusterForSuite({ program: PROGRAM });
const { project } = cluster;
/** Another clone of the same project. */
const clone = new Project(PROGRAM);
afterAll(() => clone.remove());
beforeAll(() => {
  const settings = { app: APP, projectId: "recorded" };
  for (const each of [project, clone]) writeFileSync(join(each.folder, "cdktf.json"), JSON.stringify(settings));
});

const program = (of: Project, settings: RecordedProgram) => of.change(settings);
// In this process, which starts nothing but the program.
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, of = project) =>
  cli(args, { cwd: of.folder, env: environment(env) });
const clients = () => ({ nomad: cluster.nomad, consul: cluster.consul });

async function recordOf(store: RecordStoreName = "consul") {
  const state = await readRecord({ project: "recorded", environment: "dev", store }, clients());
  if (state.kind !== "found") throw new Error(JSON.stringify(state));
  return state.record;
}
const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

/** What runs of a job: its versions, and its allocations. */
async function runs(id: string) {
  const { Versions: versions } = await cluster.nomad.versions(id);
  const allocations = await cluster.nomad.allocations(id);
  return {
    versions: versions.map(({ Version, JobModifyIndex }) => [Version, JobModifyIndex]),
    allocations: allocations.map(({ ID, ClientStatus, ModifyIndex }) => [ID, ClientStatus, ModifyIndex]),
  };
}

test("the first deployment after an upgrade writes the record and restarts nothing", async () => {
  program(project, { jobs: ["web", "worker"] });
  expect(projectIdentity(project.folder)).toBe("recorded");
  expect((await run(["deploy", "dev"])).code).toBe(0);
  for (const key of await cluster.consul.keys(RECORD_ROOT)) await cluster.consul.deleteKey(key);
  const before = await Promise.all(["web", "worker"].map(runs));
  const said = await run(["deploy", "dev"]);
  expect([said.code, flat(said)]).toEqual([0, expect.stringMatching(/web is as it was.*worker is as it was/)]);
  expect(await Promise.all(["web", "worker"].map(runs))).toEqual(before);
  const record = await recordOf();
  expect([ids(record.jobs), record.consul]).toEqual([["web", "worker"], [{ kind: "keys", name: "recorded/" }]]);
  // What is secret is in none of it.
  expect(JSON.stringify(record)).not.toContain("password");
});

test("what was deployed with a variable is no drift, and a deployment that forgets it says so", async () => {
  expect((await run(["deploy", "dev", "--var", "image_version=abc"])).code).toBe(0);
  for (const args of [["drift"], ["preview"], ["status"]]) {
    const said = await run([...args, "dev"]);
    expect([args, said.code, flat(said)]).toEqual([
      args,
      0,
      expect.stringContaining("taken from the last deployment: image_version=abc"),
    ]);
  }
  // Somebody who says another one sees the difference.
  const other = await run(["drift", "dev", "--var", "image_version=0.1.0"]);
  expect([other.code, other.stdout]).toEqual([2, expect.stringContaining("abc → 0.1.0")]);

  const before = await Promise.all(["web", "worker"].map(runs));
  const forgotten = await run(["deploy", "dev"]);
  expect([forgotten.code, flat(forgotten)]).toEqual([
    1,
    expect.stringMatching(
      /image_version: was abc at the last deployment, and is 0\.1\.0 where it is not given, which changes web, worker; write --var image_version=abc to keep it, or --defaults/,
    ),
  ]);
  expect(await Promise.all(["web", "worker"].map(runs))).toEqual(before);
  const meant = await run(["deploy", "dev", "--defaults"]);
  expect([meant.code, flat(meant)]).toEqual([
    0,
    expect.stringContaining("image_version falls back to 0.1.0; it was abc at the last deployment"),
  ]);
  expect((await run(["drift", "dev"])).code).toBe(0);
});

test("a deployment that forgets a variable whose key a task reads says so before the task is started anew", async () => {
  program(project, { jobs: ["web", "worker"], reading: ["worker"] });
  expect((await run(["deploy", "dev", "--var", "log_level=warn"])).code).toBe(0);
  const before = await Promise.all(["web", "worker"].map(runs));
  const forgotten = await run(["deploy", "dev"]);
  expect([forgotten.code, flat(forgotten)]).toEqual([
    1,
    expect.stringMatching(
      /log_level: was warn at the last deployment, and is info where it is not given, which restarts tasks of worker, whose templates read a key that changes; write --var log_level=warn to keep it, or --defaults/,
    ),
  ]);
  expect(await Promise.all(["web", "worker"].map(runs))).toEqual(before);
  expect((await run(["deploy", "dev", "--defaults"])).code).toBe(0);
  program(project, { jobs: ["web", "worker"] });
  expect((await run(["deploy", "dev"])).code).toBe(0);
});

test("environment variables are remembered as variables are, and only those that the program looks at", async () => {
  const folder = { PRISM_BIN_DIR: "/opt/prism" };
  expect((await run(["deploy", "dev"], folder)).code).toBe(0);
  const drift = await run(["drift", "dev"]);
  expect([drift.code, flat(drift)]).toEqual([0, expect.stringContaining("PRISM_BIN_DIR=/opt/prism")]);
  const forgotten = await run(["deploy", "dev"]);
  expect([forgotten.code, flat(forgotten)]).toEqual([
    1,
    expect.stringMatching(
      /PRISM_BIN_DIR: was \/opt\/prism .* is not set .*write PRISM_BIN_DIR=\/opt\/prism before the command/,
    ),
  ]);
  const kept = await run(["deploy", "dev"], folder);
  expect([kept.code, flat(kept)]).toEqual([0, expect.stringMatching(/web is as it was/)]);
  // Whoever may write the record does not decide what else the program is run with.
  const head = `${RECORD_ROOT}recorded/dev`;
  const text = (await cluster.consul.value(head)) ?? "";
  const evil = text.replace('"surroundings":{', '"surroundings":{"NODE_OPTIONS":"--require=/nowhere/evil.js",');
  await cluster.consul.setValue(head, evil);
  expect((await run(["drift", "dev"])).code).toBe(0);
  await cluster.consul.setValue(head, text);
});

test("two deployments at once leave a record of all that runs, and what the program lost stays in it", async () => {
  program(project, { jobs: ["web", "one"] });
  copyFileSync(join(project.folder, "cdktf.json"), join(clone.folder, "cdktf.json"));
  program(clone, { jobs: ["web", "two"] });
  const env = { PRISM_BIN_DIR: "/opt/prism", ...cluster.environment };
  const said = await Promise.all([run(["deploy", "dev"], env), run(["deploy", "dev", "--to-new-cluster"], env, clone)]);
  expect(said.map(({ code, stderr }) => [code, code === 0 ? "" : stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  const { jobs, former } = await recordOf();
  const running = (await cluster.nomad.jobs()).filter(({ Status }) => Status === "running").map(({ ID }) => ID);
  expect(ids([...jobs, ...former.jobs])).toEqual(expect.arrayContaining(running));
  expect(ids(jobs)).toContain("web");
});

test("what the program has no longer goes with another variable too, and in Consul with --prune; not where environment variables took it away", async () => {
  await cluster.purge();
  for (const key of await cluster.consul.keys(RECORD_ROOT)) await cluster.consul.deleteKey(key);
  const folder = { PRISM_BIN_DIR: "/opt/prism" };
  const jobs = ["a", "b", "c", "d", "e"];
  const running = async () => (await cluster.nomad.jobs()).filter(({ Stop }) => !Stop).map(({ ID }) => ID);
  const keys = async () => [...(await cluster.consul.keys("one/")), ...(await cluster.consul.keys("two/"))];
  program(project, { jobs, withFolder: ["real"], prefixes: ["one", "two"] });
  expect((await run(["deploy", "dev"], folder)).code).toBe(0);
  expect(await running()).toHaveLength(6);

  // A prefix of the program's own, below one that it has no longer.
  program(project, { jobs: jobs.slice(0, 4), withFolder: ["real"], prefixes: ["one", "two/own"] });
  const preview = await run(["preview", "dev", "--var", "image_version=new"], folder);
  expect([preview.code, flat(preview)]).toEqual([
    2,
    expect.stringMatching(/e: stopped once all else is healthy.*keys below two\/: stays: .* --prune removes it/),
  ]);
  const seen = await run(["preview", "dev", "--prune", "--var", "image_version=new"], folder);
  expect([seen.code, flat(seen)]).toEqual([
    2,
    expect.stringMatching(/e: stopped once all else is healthy.*keys below two\/: removed once all else is healthy/),
  ]);
  const drift = await run(["drift", "dev", "--json"], folder);
  expect([drift.code, JSON.parse(drift.stdout)]).toMatchObject([
    2,
    { strays: [{ job: "e" }], leftovers: [{ kind: "keys", name: "two/" }] },
  ]);
  expect(flat(await run(["status", "dev"], folder))).toContain("keys below two/ in Consul: dev made it");
  const deployed = await run(["deploy", "dev", "--var", "image_version=new", "--json"], folder);
  expect([deployed.code, JSON.parse(deployed.stdout)]).toMatchObject([
    0,
    { strays: { stopped: [{ id: "e" }], kept: [], removed: [], inConsul: [{ kind: "keys", name: "two/" }] } },
  ]);
  expect(await keys()).toHaveLength(6);
  const pruned = await run(["deploy", "dev", "--var", "image_version=new", "--prune", "--json"], folder);
  expect([pruned.code, JSON.parse(pruned.stdout)]).toMatchObject([
    0,
    { strays: { stopped: [], kept: [], removed: [{ kind: "keys", name: "two/" }], inConsul: [] } },
  ]);
  // The keys below the longer prefix are the program's.
  expect(await keys()).toEqual(["one/level", "one/used", "two/own/level", "two/own/used"]);
  expect((await recordOf()).former).toEqual({ jobs: [{ id: "e", stopped: true }], consul: [] });

  // With the folder of the last time the program would have it.
  const without = await run(["deploy", "dev", "--defaults", "--json"]);
  expect([without.code, JSON.parse(without.stdout)]).toMatchObject([
    0,
    {
      strays: {
        stopped: [],
        kept: [{ id: "real", reason: expect.stringMatching(/the program has it with.*--prune/) as string }],
      },
    },
  ]);
  expect(await running()).toContain("real");
});

test("a stack without Consul has its record in Nomad's variables", async () => {
  await cluster.purge();
  for (const key of await cluster.consul.keys(RECORD_ROOT)) await cluster.consul.deleteKey(key);
  program(project, { jobs: ["web"], consul: false });
  expect((await run(["deploy", "dev"], { PRISM_BIN_DIR: "" })).code).toBe(0);
  expect(ids((await recordOf("nomad")).jobs)).toEqual(["web"]);
  const paths = v.array(v.object({ Path: v.string() }));
  const before = await runs("web");
  const large = await run(["deploy", "dev", "--var", `image_version=${"x".repeat(64 * 1024)}`]);
  expect([large.code, flat(large)]).toEqual([1, expect.stringMatching(/65 KiB, more than the 63 KiB that a variable/)]);
  expect(await runs("web")).toEqual(before);
  const fits = await cluster.nomad.setVariable("fits", { record: "x".repeat(LARGEST_TEXT.nomad) }, 0);
  expect(fits).toBeDefined();
  await cluster.nomad.deleteVariable("fits", fits?.ModifyIndex ?? 0);
  const variables = await cluster.nomad.http.get(apiPath`/v1/vars`, paths);
  expect(variables.map(({ Path }) => Path).sort()).toEqual([
    `${RECORD_ROOT}recorded/dev`,
    `${RECORD_ROOT}recorded/dev/jobs/0`,
  ]);
});
