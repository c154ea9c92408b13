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
  const gone = await project.run(["destroy", "dev", "--yes"]);
  expect([gone.code, flat(gone)]).toEqual([0, expect.stringContaining("nothing of dev is left")]);
  expect([await ids(), await cluster.consul.keys("cdk-nomad/")]).toEqual([["stranger"], []]);
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
