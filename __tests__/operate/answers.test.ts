import type { JobJson } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { until } from "../support/until";

/**
 * What a real Nomad and a real Consul answer where a thing is not there, and to changes: a stranger's answer is told from theirs by what
 * they send along, so that has to be what they do send.
 */
const cluster = clusterForSuite();

const NONE = "00000000-0000-4000-8000-000000000000";
const NOW = { seconds: 0.01 };

const WAITING: JobJson = {
  ID: "waiting",
  Name: "waiting",
  Type: "service",
  Datacenters: ["*"],
  // Without a deployment: Nomad refuses to scale a job while one runs.
  Update: { MaxParallel: 0 },
  TaskGroups: [
    {
      Name: "group",
      Count: 1,
      EphemeralDisk: { SizeMB: 50 },
      Tasks: [
        {
          Name: "task",
          Driver: "raw_exec",
          Config: { command: "/bin/sleep", args: ["1000"] },
          Resources: { CPU: 50, MemoryMB: 32 },
          LogConfig: { MaxFiles: 1, MaxFileSizeMB: 10 },
        },
      ],
    },
  ],
};

test("what is not there is undefined or empty, and no error", async () => {
  const { nomad, consul } = cluster;
  expect({
    job: await nomad.job("none"),
    submission: await nomad.submission("none", 0),
    versions: await nomad.versions("none"),
    evaluation: await nomad.evaluation(NONE),
    evaluations: await nomad.evaluations("none"),
    deployments: await nomad.deployments("none"),
    allocations: await nomad.allocations("none"),
    allocation: await nomad.allocation(NONE),
    "allocations of a deployment": await nomad.deploymentAllocations(NONE),
    summary: await nomad.summary("none"),
    variable: await nomad.variable("none/at/all"),
    variables: (await nomad.watchVariables("none/", NOW)).value,
    value: await consul.value("none"),
    values: (await consul.values("none/")).size,
    keys: await consul.keys("none/"),
    entry: await consul.entry("none"),
    entries: (await consul.watchEntries("none/", NOW)).value,
    "configuration entry": await consul.configEntry("service-defaults", "none"),
    instances: await consul.instances("none"),
  }).toEqual({
    job: undefined,
    submission: undefined,
    versions: { Versions: [], Diffs: [] },
    evaluation: undefined,
    evaluations: [],
    deployments: [],
    allocations: [],
    allocation: undefined,
    "allocations of a deployment": [],
    summary: undefined,
    variable: undefined,
    variables: [],
    value: undefined,
    values: 0,
    keys: [],
    entry: undefined,
    entries: [],
    "configuration entry": undefined,
    instances: [],
  });
});

test("what is asked of an allocation that is not there is refused, and says so", async () => {
  const { nomad } = cluster;
  await expect(nomad.restartAllocation(NONE)).rejects.toThrow(/unknown allocation/i);
  await expect(nomad.stopAllocation(NONE)).rejects.toThrow(/allocation not found/);
  await expect(nomad.allocationChecks(NONE)).rejects.toThrow(/unknown allocation/i);
  const session = await nomad.exec(NONE, "task", ["true"]);
  await expect(session.exitCode).rejects.toThrow(/unknown allocation/i);
});

test("the answers to changes are read as what they are", async () => {
  const { nomad, consul } = cluster;
  expect((await nomad.parse('job "web" {\n  group "web" {}\n}\n')) as JobJson).toMatchObject({ ID: "web" });
  expect(await nomad.validate(WAITING)).toMatchObject({ ValidationErrors: [], Error: "" });
  await nomad.register(WAITING);
  let allocation = "";
  await until("a running allocation", async () => {
    const found = (await nomad.allocations("waiting")).find(({ ClientStatus }) => ClientStatus === "running");
    allocation = found?.ID ?? "";
    return found !== undefined;
  });
  expect(await nomad.summary("waiting")).toMatchObject({ JobID: "waiting", Summary: { group: { Running: 1 } } });
  expect((await nomad.versions("waiting")).Versions).toHaveLength(1);
  expect(await nomad.allocationChecks(allocation)).toEqual({});
  await nomad.restartAllocation(allocation);
  await nomad.stopAllocation(allocation);
  await nomad.evaluate("waiting", { forceReschedule: false });
  expect(await nomad.scale("waiting", "group", 0)).toMatchObject({ EvalID: expect.stringMatching(/./) as string });
  expect(await nomad.deregister("waiting", { purge: true })).toMatchObject({
    EvalID: expect.stringMatching(/./) as string,
  });
  expect(await nomad.deregister("none", { purge: true })).toEqual({ EvalID: "" });

  const set = await nomad.setVariable("app/a", { b: "c" }, 0);
  expect(await nomad.setVariable("app/a", { b: "d" }, 1)).toBeUndefined();
  expect(await nomad.deleteVariable("app/a", 1)).toBe(false);
  expect(await nomad.deleteVariable("app/a", set?.ModifyIndex ?? 0)).toBe(true);
  expect(await nomad.variable("app/a")).toBeUndefined();

  const made = await consul.change([{ key: "app/a", value: "b", index: 0 }]);
  expect(made).toHaveProperty("index", expect.any(Number));
  expect(await consul.change([{ key: "app/a", value: "c", index: 1 }])).toHaveProperty("errors.length", 1);
  const { ModifyIndex: index = 0 } = (await consul.entry("app/a")) ?? {};
  expect(await consul.change([{ key: "app/a", index }])).toEqual({ index: 0 });
  // A name that can stand in no path.
  expect(await consul.setValue("app/../b", "c", 0)).toBe(true);
  expect(await consul.setValue("app/../b", "d", 1)).toBe(false);
  expect(await consul.deleteKey("app/../b")).toBe(true);

  expect(await consul.setConfigEntry({ Kind: "service-defaults", Name: "web" })).toBe(true);
  expect(await consul.deleteConfigEntry("service-defaults", "web", 1)).toBe(false);
  expect(await consul.deleteConfigEntry("service-defaults", "web")).toBe(true);
});

test("the stream of events begins with a heartbeat", async () => {
  for await (const batch of cluster.nomad.events(["Job"], 0, new AbortController().signal)) {
    expect(batch).toEqual({ Events: [] });
    break;
  }
});
