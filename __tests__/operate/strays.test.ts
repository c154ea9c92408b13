import { clusterForSuite } from "../support/cluster";
import { flat, Project } from "../support/project";
import { cli } from "../support/run-cli";
import type { SmallProgram } from "./programs/small-jobs";

// What a stack brought and its program has no longer is told, stopped last, and can be brought back; nobody's job is taken unasked.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

const program = (ids: readonly string[], more: Partial<SmallProgram> = {}) =>
  project.change({ jobs: ids.map((id) => ({ id })), ...more } satisfies SmallProgram);
const run = (...args: readonly string[]) => cli(args, { cwd: project.folder });
const runs = async () =>
  (await cluster.nomad.jobs())
    .filter(({ Stop }) => !Stop)
    .map(({ ID }) => ID)
    .sort();
const allocations = async (id: string) => (await cluster.nomad.allocations(id)).map(({ ID }) => ID).sort();
const forget = async () => {
  const keys = await cluster.consul.keys("cdk-nomad/stacks/");
  for (const key of keys) await cluster.consul.deleteKey(key);
  for (const { Path } of (await cluster.nomad.watchVariables("cdk-nomad/stacks/", { seconds: 0 })).value)
    await cluster.nomad.deleteVariable(Path, (await cluster.nomad.variable(Path))?.ModifyIndex ?? 0);
};

test("a job that the program has no longer is told, stopped once the rest is healthy, and can be brought back", async () => {
  program(["a", "b", "c", "d"]);
  expect((await run("deploy", "dev")).code).toBe(0);
  program(["a", "b", "c"]);
  const preview = await run("preview", "dev");
  expect([preview.code, flat(preview)]).toEqual([2, expect.stringContaining("d: stopped once all else is healthy")]);
  const drift = await run("drift", "dev", "--json");
  expect([drift.code, JSON.parse(drift.stdout)]).toMatchObject([2, { jobs: [], strays: [{ job: "d" }] }]);
  expect(flat(await run("status", "dev"))).toContain("d is a stray");

  const kept = await run("deploy", "dev", "--no-prune");
  expect([kept.code, flat(kept), await runs()]).toEqual([
    0,
    expect.stringContaining("d is no longer in the program, and runs on: --no-prune"),
    ["a", "b", "c", "d"],
  ]);
  const deploy = await run("deploy", "dev", "--json");
  expect([deploy.code, JSON.parse(deploy.stdout)]).toMatchObject([0, { strays: { stopped: [{ id: "d" }], kept: [] } }]);
  expect([await runs(), (await cluster.nomad.job("d"))?.Stop]).toEqual([["a", "b", "c"], true]);
  expect((await run("preview", "dev")).code).toBe(0);

  expect((await run("rollback", "dev", "--job", "d")).code).toBe(0);
  expect(await runs()).toEqual(["a", "b", "c", "d"]);
  const ls = await run("ls", "--json");
  expect([ls.code, JSON.parse(ls.stdout)]).toMatchObject([0, { stacks: [{ environment: "dev", owner: "cdk-nomad" }] }]);
  expect(ls.stdout).toContain('"stray": true');

  program(["a", "b", "c", "d"]);
  expect((await run("deploy", "dev")).code).toBe(0);
  program(["a"]);
  const most = await run("deploy", "dev");
  expect([most.code, flat(most)]).toEqual([0, expect.stringContaining("3 of the 4 jobs of the stack would go")]);
  expect(await runs()).toEqual(["a", "b", "c", "d"]);
  expect((await run("deploy", "dev", "--prune")).code).toBe(0);
  expect(await runs()).toEqual(["a"]);
});

test("a job that is there already is taken over as it is, wants --adopt where it is another, and is nobody's of another stack", async () => {
  program(["a", "b"]);
  expect((await run("deploy", "dev")).code).toBe(0);
  const before = await allocations("a");
  await forget();
  const same = await run("deploy", "dev");
  expect([same.code, flat(same)]).toEqual([0, expect.stringContaining("a is there already, as the program says")]);
  expect(await allocations("a")).toEqual(before);

  await forget();
  project.change({ jobs: [{ id: "a", env: { RELEASE: "2" } }, { id: "b" }] } satisfies SmallProgram);
  const other = await run("deploy", "dev");
  expect([other.code, flat(other)]).toEqual([1, expect.stringContaining("--adopt")]);
  expect(await allocations("a")).toEqual(before);
  expect((await run("deploy", "dev", "--adopt")).code).toBe(0);

  program(["a", "mine"], { environment: "staging" });
  const staging = await run("deploy", "staging");
  expect([staging.code, flat(staging)]).toEqual([1, expect.stringContaining("a is a job of dev")]);
  expect(await runs()).toEqual(["a", "b"]);
  const drift = await run("drift", "staging", "--json");
  expect([drift.code, JSON.parse(drift.stdout)]).toMatchObject([2, { foreign: [{ job: "a", owner: "dev" }] }]);
  for (const args of [[], ["--job", "a"]]) {
    const status = await run("status", "staging", ...args);
    expect([status.code, status.stdout]).toEqual([1, expect.stringMatching(/^a +of dev /m)]);
  }
  const now = await allocations("a");
  const restart = await run("restart", "staging", "--job", "a");
  expect([restart.code, await allocations("a")]).toEqual([1, now]);
  const destroy = await run("destroy", "staging", "--yes");
  expect([destroy.code, await runs()]).toEqual([0, ["a", "b"]]);
});

test("a job whose region or namespace is only written out is no stray, and runs on", async () => {
  const jobs = [{ id: "a" }, { id: "b" }, { id: "c" }];
  project.change({ jobs } satisfies SmallProgram);
  expect((await run("deploy", "dev", "--adopt")).code).toBe(0);
  const before = await allocations("a");
  for (const a of [{ id: "a", region: "global" }, { id: "a", namespace: "default" }, { id: "a" }]) {
    project.change({ jobs: [a, ...jobs.slice(1)] } satisfies SmallProgram);
    const deployed = await run("deploy", "dev");
    expect([deployed.code, flat(deployed)]).toEqual([0, expect.not.stringContaining("no longer")]);
    expect(await runs()).toEqual(["a", "b", "c"]);
  }
  expect(await allocations("a")).toEqual(before);
});

test("a job that only the record names is nobody's to take back unasked, and its preview is what the deployment does", async () => {
  await forget();
  program(["a", "b", "c"]);
  expect((await run("deploy", "dev", "--adopt")).code).toBe(0);
  const stranger = await cluster.nomad.job("a");
  const held = { ...stranger, ID: "stranger", Name: "stranger", TaskGroups: stranger?.TaskGroups, Priority: 40 };
  await cluster.nomad.register(held);
  await cluster.nomad.register({ ...held, Priority: 41 });
  const { value } = await cluster.nomad.watchVariables("cdk-nomad/stacks/", { seconds: 0 });
  const head = value.map(({ Path }) => Path).find((path) => path.endsWith("/dev"));
  const others = JSON.stringify([{ id: "stranger" }]);
  expect(await cluster.nomad.setVariable(`${head}/others/0`, { record: others }, 0)).toBeDefined();

  expect(flat(await run("preview", "dev"))).toContain("stranger: stays: nothing but the record says");
  expect(flat(await run("deploy", "dev"))).toContain("stranger is no longer in the program, and runs on: nothing but");
  expect(flat(await run("status", "dev"))).toContain("stranger is a stray by its record alone");
  const back = await run("rollback", "dev", "--job", "stranger", "--to", "0", "--detach");
  expect([back.code, flat(back)]).toEqual([1, expect.stringContaining("--adopt")]);
  expect(await cluster.nomad.job("stranger")).toMatchObject({ Version: 1, Priority: 41 });

  expect((await run("deploy", "dev", "--prune", "--json")).code).toBe(0);
  expect((await run("rollback", "dev", "--job", "stranger", "--to", "0", "--detach", "--adopt")).code).toBe(0);
  expect(await cluster.nomad.job("stranger")).toMatchObject({ Priority: 40 });
});
