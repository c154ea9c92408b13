import { Readable } from "node:stream";
import type { JobJson } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { flat, Project } from "../support/project";
import { cli } from "../support/run-cli";
import type { SmallProgram } from "./programs/small-jobs";

// What a stack brought goes, all of it and nothing else.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

const STRANGER = {
  ID: "stranger",
  Name: "stranger",
  Type: "batch",
  Datacenters: ["*"],
  ParameterizedJob: { Payload: "optional" },
  TaskGroups: [
    {
      Name: "work",
      Tasks: [
        {
          Name: "work",
          Driver: "raw_exec",
          Config: { command: "/bin/sleep", args: ["600"] },
          Resources: { CPU: 20, MemoryMB: 16 },
        },
      ],
    },
  ],
} satisfies JobJson;

const program = (more: Partial<SmallProgram> = {}) =>
  project.change({
    jobs: [{ id: "web", split: true, count: 2 }, { id: "worker" }],
    keys: { level: "info", "deep/one": "1" },
    ...more,
  } satisfies SmallProgram);
const ids = async () => (await cluster.nomad.jobs()).map(({ ID }) => ID).sort();
const state = async () => ({
  jobs: await ids(),
  keys: await cluster.consul.keys("small"),
  resolver: (await cluster.consul.configEntry("service-resolver", "web")) !== undefined,
  defaults: (await cluster.consul.configEntry("service-defaults", "web")) !== undefined,
});

test("destroy asks first, takes all that the stack brought and nothing of others, and leaves the server well", async () => {
  program();
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  await cluster.nomad.register(STRANGER);
  await cluster.consul.setValue("small2/kept", "1");
  const before = await state();
  expect(before).toMatchObject({ jobs: ["stranger", "web", "worker"], resolver: true, defaults: true });

  const unasked = await project.run(["destroy", "dev"]);
  expect([unasked.code, flat(unasked)]).toEqual([1, expect.stringContaining("--yes: is missing")]);
  const asJson = await project.run(["destroy", "dev", "--json"]);
  expect([asJson.code, (JSON.parse(asJson.stdout) as { error: unknown }).error]).toEqual([1, expect.anything()]);
  const person = (says: string) => Object.assign(Readable.from([`${says}\n`]), { isTTY: true });
  const no = await cli(["destroy", "dev"], { cwd: project.folder, stdin: person("yes") });
  expect([no.code, no.stderr]).toEqual([1, expect.stringContaining("nothing was changed")]);
  expect(await state()).toEqual(before);

  const yes = await cli(["destroy", "dev"], { cwd: project.folder, stdin: person("dev") });
  expect([yes.code, yes.stderr]).toEqual([0, expect.stringContaining("nothing of dev is left")]);
  expect(await state()).toEqual({ jobs: ["stranger"], keys: ["small2/kept"], resolver: false, defaults: false });
  expect(await cluster.consul.keys("cdk-nomad/")).toEqual([]);

  const again = await project.run(["destroy", "dev", "--yes", "--json"]);
  expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { jobs: [], consul: [] }]);
});

test("what was registered a moment ago can go at once, with what it launched", async () => {
  for (let round = 0; round < 2; round += 1) {
    program({ jobs: [{ id: "web" }, { id: "worker" }, { id: "third", count: 3 }] });
    expect((await project.run(["deploy", "dev", "--detach"])).code).toBe(0);
    const gone = await project.run(["destroy", "dev", "--yes", "--json"]);
    expect([gone.code, JSON.parse(gone.stdout)]).toMatchObject([
      0,
      {
        jobs: [{ result: "purged" }, { result: "purged" }, { result: "purged" }],
        consul: [{ kind: "keys", removed: true }],
      },
    ]);
    expect(await ids()).toEqual(["stranger"]);
  }
  expect(await cluster.nomad.leader()).toBeDefined();
});

test("a stack that the program has no longer goes by its record", async () => {
  program({ jobs: [{ id: "web" }] });
  expect((await project.run(["deploy", "dev", "--detach"])).code).toBe(0);
  program({ jobs: [{ id: "web" }], environment: "development" });
  const unknown = await project.run(["destroy", "nobody", "--yes"]);
  expect([unknown.code, flat(unknown)]).toEqual([1, expect.stringContaining("there is no such environment")]);
  // The server says that the job was registered for it; of the keys only the record does.
  const asked = await project.run(["destroy", "dev", "--yes"]);
  expect([asked.code, flat(asked)]).toEqual([
    1,
    expect.stringMatching(/dev: nothing but its record says that keys small\/ is its.*add --include 'keys small\/'/),
  ]);
  expect(await ids()).toEqual(["stranger", "web"]);
  const gone = await project.run(["destroy", "dev", "--yes", "--include", "keys small/"]);
  expect([gone.code, flat(gone)]).toEqual([0, expect.stringContaining("nothing of dev is left")]);
  expect([await ids(), await cluster.consul.keys("cdk-nomad/")]).toEqual([["stranger"], []]);
});

test("what somebody wrote into a record takes no job and no key of anybody else's", async () => {
  program({ jobs: [{ id: "web" }, { id: "old" }] });
  expect((await project.run(["deploy", "dev", "--detach"])).code).toBe(0);
  await cluster.nomad.register({ ...STRANGER, ID: "victim", Name: "victim" });
  for (const key of ["db/x", "deep/y"]) await cluster.consul.setValue(key, "1");
  const head = (await cluster.consul.keys("cdk-nomad/stacks/")).find((key) => !/\/(?:jobs|consul|others)\//.test(key));
  const planted = [
    { id: "victim" },
    { id: "vic\u0000tim" },
    { kind: "keys", name: "db/" },
    { kind: "keys", name: "d" },
    { kind: "service-defaults", name: "\u0000" },
  ];
  await cluster.consul.setValue(`${head}/others/0`, JSON.stringify(planted));
  const there = async () => [(await cluster.nomad.job("victim"))?.Stop, await cluster.consul.keys("d")];
  const untouched = [false, ["db/x", "deep/y"]];

  // A deployment takes nothing for a stray of which nothing else says so; old is one, and was registered for this stack.
  program({ jobs: [{ id: "web" }] });
  const deployed = await project.run(["deploy", "dev", "--json"]);
  expect([deployed.code, JSON.parse(deployed.stdout)]).toMatchObject([
    0,
    {
      strays: {
        stopped: [{ id: "old" }],
        kept: expect.arrayContaining([expect.objectContaining({ id: "victim" })]) as unknown,
        removed: [],
        inConsul: expect.arrayContaining([expect.objectContaining({ kind: "keys", name: "db/" })]) as unknown,
      },
    },
  ]);
  expect(await there()).toEqual(untouched);
  await cluster.consul.setValue(`${head}/others/0`, JSON.stringify(planted));
  const refused = await project.run(["destroy", "dev", "--yes"]);
  expect([refused.code, flat(refused)]).toEqual([
    1,
    expect.stringMatching(/nothing but its record says that victim, keys db\//),
  ]);
  for (const stays of [/keys d stays: it ends within a step/, /service-defaults .* stays: it has control characters/])
    expect(flat(refused)).toMatch(stays);
  expect(await there()).toEqual(untouched);
  const wrong = await project.run(["destroy", "dev", "--yes", "--include", "victm"]);
  expect([wrong.code, flat(wrong)]).toEqual([1, expect.stringContaining("nothing of that name would go")]);
  await cluster.consul.deleteKey(`${head}/others/0`);
  expect((await project.run(["destroy", "dev", "--yes"])).code).toBe(0);
  expect([await ids(), await there()]).toEqual([["old", "stranger", "victim"], untouched]);
  // What was planted took the place of what the record said of it.
  await cluster.nomad.deregister("old", { purge: true });
  await cluster.nomad.deregister("victim", { purge: true });
  for (const key of ["db/x", "deep/y"]) await cluster.consul.deleteKey(key);
});

test("a stack of the same ids that was never brought here takes nothing of who was, unless somebody says so", async () => {
  const theirs = { ...STRANGER, ID: "web", Name: "web" };
  await cluster.nomad.register(theirs);
  await cluster.consul.setValue("small/theirs", "1");
  program({ jobs: [{ id: "web" }] });
  const refused = await project.run(["destroy", "dev", "--yes", "--json"]);
  expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([
    1,
    { jobs: [], consul: [], kept: [{ name: "web" }, { name: "keys small/" }] },
  ]);
  expect((await cluster.nomad.job("web"))?.Stop).toBe(false);
  expect(await cluster.consul.keys("small/")).toEqual(["small/theirs"]);
  expect((await project.run(["destroy", "dev", "--yes", "--adopt"])).code).toBe(0);
  expect([await ids(), await cluster.consul.keys("small/")]).toEqual([["stranger"], []]);
});
