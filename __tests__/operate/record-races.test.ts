import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { knownBy, readRecord } from "../../lib/operations";
import { RECORD_ROOT, recordPath } from "../../lib/stack-record";
import { clusterForSuite } from "../support/cluster";
import { flat, Project } from "../support/project";
import { cli } from "../support/run-cli";
import type { SmallProgram } from "./programs/small-jobs";

// Records while several commands write them, and records that somebody made who means no good.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;
beforeAll(() => writeFileSync(join(project.folder, "package.json"), JSON.stringify({ name: "shop" })));

const identity = { project: "shop", environment: "dev" };
const program = (ids: readonly string[], more: Partial<SmallProgram> = {}) =>
  project.change({ jobs: ids.map((id) => ({ id })), keys: { level: "info" }, ...more } satisfies SmallProgram);
const run = (...args: readonly string[]) => cli(args, { cwd: project.folder });
const runs = async () =>
  (await cluster.nomad.jobs())
    .filter(({ Stop }) => !Stop)
    .map(({ ID }) => ID)
    .sort();
const recorded = async () => {
  const state = await readRecord({ ...identity, store: "consul" }, { nomad: cluster.nomad, consul: cluster.consul });
  return state.kind === "found" ? knownBy(state.record).jobs.map(({ id }) => id) : [];
};

test("destroy beside deploy: what runs in the end is in the record, whichever came last, and the next destroy leaves nothing", async () => {
  program(["a", "b", "c"]);
  for (let round = 0; round < 3; round += 1) {
    expect((await run("deploy", "dev")).code).toBe(0);
    program(["a", "b", "c", `d${round}`]);
    const [deployed, destroyed] = await Promise.all([run("deploy", "dev"), run("destroy", "dev", "--yes")]);
    const known = await recorded();
    const lost = (await runs()).filter((id) => !known.includes(id));
    expect({
      lost,
      deployed: lost.length > 0 ? flat(deployed) : "",
      destroyed: lost.length > 0 ? flat(destroyed) : "",
    }).toEqual({
      lost: [],
      deployed: "",
      destroyed: "",
    });
  }
  const last = await run("destroy", "dev", "--yes");
  expect([last.code, await runs(), await cluster.consul.keys(RECORD_ROOT)]).toEqual([0, [], []]);
});

test("ls beside deployments always tells of whole records", async () => {
  program(["a", "b"]);
  expect((await run("deploy", "dev")).code).toBe(0);
  let isDeploying = true;
  const deploying = (async () => {
    for (const ids of [
      ["a", "b", "c"],
      ["a", "c"],
      ["a", "b", "c", "d"],
    ]) {
      program(ids);
      expect((await run("deploy", "dev")).code).toBe(0);
    }
    isDeploying = false;
  })();
  const seen: unknown[] = [];
  while (isDeploying) {
    const ls = await run("ls", "--json");
    const { stacks, unread } = JSON.parse(ls.stdout) as { stacks: { environment: string }[]; unread: string[] };
    seen.push([ls.code, stacks.map(({ environment }) => environment), unread]);
  }
  await deploying;
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(seen.map(() => [0, ["dev"], []]));
});

test("records of somebody who means no good are told of, act on no terminal, and let nothing of others go", async () => {
  const head = recordPath({ project: "evil", environment: "dev" });
  const record = (more: object) =>
    JSON.stringify({
      format: 1,
      project: "evil",
      environment: "dev",
      owner: "cdk-nomad",
      variables: {},
      defaults: {},
      surroundings: {},
      parts: { jobs: 1, consul: 0 },
      ...more,
    });
  const own = recordPath(identity);
  const held = (await cluster.consul.value(own)) ?? "";
  await cluster.consul.setValue("payroll/1", "1");
  await cluster.consul.setValue(head, record({}));
  const names = ["\u001b[2J\u001b]0;title\u0007", "..", "a/../b", "::error::x", "\r\n::set-output name=x::y"];
  await cluster.consul.setValue(`${head}/jobs/0`, JSON.stringify(names.map((id) => ({ id, namespace: "\u001b[31m" }))));
  for (const args of [["ls"], ["ls", "--jobs"], ["status", "dev"], ["drift", "dev"], ["preview", "dev"]]) {
    const said = await run(...args);
    expect([args, said.code]).toEqual([args, 0]);
    expect(said.stdout + said.stderr).not.toMatch(/\u001b|\u0007|^::/m);
  }
  const others = [
    { id: ".." },
    { kind: "keys", name: "" },
    { kind: "keys", name: "/" },
    { kind: "keys", name: "cdk-nomad/" },
  ];
  await cluster.consul.setValue(`${own}/others/0`, JSON.stringify([...others, { kind: "../acl/token", name: ".." }]));
  const deployed = await run("deploy", "dev", "--prune");
  expect([deployed.code, flat(deployed)]).toEqual([
    0,
    expect.stringMatching(/\.\. is no longer in the program, and whether it runs is not known/),
  ]);
  expect(await cluster.consul.value("payroll/1")).toBe("1");
  expect(await cluster.consul.value(head)).toBeDefined();

  for (const text of [
    "no JSON",
    "{}",
    '{"format":7}',
    held.replace('"environment":"dev"', '"environment":"prod"'),
    "x".repeat(400_000),
  ]) {
    await cluster.consul.setValue(own, text);
    const ls = await run("ls");
    expect([ls.code, flat(ls)]).toEqual([1, expect.stringContaining("some records may be missing")]);
    const status = await run("status", "dev");
    expect(flat(status)).toMatch(/record of dev cannot be read/);
    const destroyed = await run("destroy", "dev", "--yes");
    expect([destroyed.code, flat(destroyed)]).toEqual([1, expect.stringContaining("--without-records")]);
    expect([await cluster.consul.value(own), (await runs()).length > 0]).toEqual([text, true]);
  }
});
