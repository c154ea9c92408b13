import { Masking } from "../../../../lib/masking";
import type { AllocationStub, JobJson } from "../../../../lib/nomad";
import {
  destroy,
  enterRecord,
  findDestruction,
  readOwners,
  settleRecord,
  desiredRecord,
  type DestructionOptions,
  type StackContents,
} from "../../../../lib/operations";
import { recordPath } from "../../../../lib/stack-record";
import { ClusterInMemory } from "../../../support/cluster-in-memory";

const masking = new Masking();
const quiet = { onStep: () => undefined, forgetPool: () => Promise.resolve() };
const head = (environment: string, project = "shop") => recordPath({ project, environment });

/** A stack of jobs, with values below a prefix of Consul. */
function stackOf(
  jobs: readonly JobJson[],
  { prefix = "shop/dev/", values }: { readonly prefix?: string; readonly values?: Record<string, string> } = {},
): StackContents {
  return {
    objects: [
      ...(values ? [{ kind: "keys" as const, path: "dev/keys", prefix, values, after: [] }] : []),
      ...jobs.map((job) => ({ kind: "job" as const, path: `dev/${job.ID}`, job, after: [] })),
    ],
    terraformOnly: [],
    declared: { owner: "cdk-nomad" },
    sensitive: [],
    reached: [],
  };
}

/** The jobs of a stack. */
const jobsOf = ({ objects }: StackContents) => objects.flatMap((item) => (item.kind === "job" ? [item.job] : []));

async function deployed(cluster: ClusterInMemory, environment: string, contents: StackContents) {
  const wanted = desiredRecord(contents, { project: "shop", environment });
  expect(await enterRecord(wanted, cluster.clients)).toMatchObject({ kind: "written" });
}

const find = async (cluster: ClusterInMemory, contents: StackContents, more: Partial<DestructionOptions> = {}) => {
  const place = desiredRecord(contents, { project: "shop", environment: "dev" });
  const owners = await readOwners(place, cluster.clients);
  return findDestruction("dev", "shop", contents, owners, { ...cluster.clients, masking, ...more });
};

const refusal = async (found: Promise<unknown>) => {
  const error = await found.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : "";
};

describe("what no record says that a stack brought", () => {
  const stack = stackOf([{ ID: "web" }, { ID: "worker" }, { ID: "old" }], { values: { level: "info" } });

  test("goes where it is as the program says or is stopped already, and else stays with the reason", async () => {
    const cluster = new ClusterInMemory();
    cluster.hold({ ID: "web", Priority: 80 }, { ID: "worker" }, { ID: "old", Priority: 80, Stop: true });
    cluster.put("consul", "shop/dev/level", "info");
    const found = await find(cluster, stack);
    expect(found.jobs.map(({ id }) => id)).toEqual(["worker", "old"]);
    expect(found.consul).toEqual([{ kind: "keys", name: "shop/dev/" }]);
    expect(found.kept).toEqual([{ name: "web", reason: expect.stringMatching(/no record.*--adopt/) as string }]);
  });

  test.each([
    ["keys that the program does not have", { level: "info", other: "x" }],
    ["values that are others", { level: "debug" }],
  ])("stays in Consul with %s", async (_what, keys) => {
    const cluster = new ClusterInMemory();
    for (const [key, value] of Object.entries(keys)) cluster.put("consul", `shop/dev/${key}`, value);
    const found = await find(cluster, stack);
    expect(found.consul).toEqual([]);
    expect(found.kept).toMatchObject([{ name: "keys shop/dev/" }]);
    expect((await find(cluster, stack, { adopt: true })).consul).toHaveLength(1);
  });

  test("goes too where somebody says so, but for what another stack has", async () => {
    const cluster = new ClusterInMemory();
    await deployed(cluster, "staging", stackOf([{ ID: "worker" }]));
    cluster.hold({ ID: "web", Priority: 80 }, { ID: "worker", Priority: 80 });
    const found = await find(cluster, stack, { adopt: true });
    expect(found.jobs.map(({ id }) => id)).toEqual(["web"]);
    expect(found.kept).toEqual([{ name: "worker", owner: "staging", reason: "staging has it too" }]);
  });

  test("is not looked for where the stack's record cannot be read, unless somebody says so", async () => {
    const cluster = new ClusterInMemory();
    cluster.put("consul", head("dev"), '{"format":2}');
    cluster.hold({ ID: "web", Priority: 80 }, { ID: "worker" });
    expect(await refusal(find(cluster, stack))).toMatch(/later release.*--without-records/);
    const found = await find(cluster, stack, { withoutRecords: true });
    expect(found.jobs.map(({ id }) => id)).toEqual(["worker"]);
    expect(found.kept).toMatchObject([{ name: "web" }]);
  });
});

describe("where the records of other stacks cannot be read", () => {
  test.each(["of a later release", "that nobody may read"])("a stack is not taken away: %s", async (what) => {
    const cluster = new ClusterInMemory();
    const stack = stackOf([{ ID: "web" }], { values: { level: "info" } });
    await deployed(cluster, "dev", stack);
    cluster.hold({ ID: "web" });
    if (what === "of a later release") cluster.put("consul", head("staging"), '{"format":2}');
    else cluster.refuse.nomad = new Error("Permission denied");
    expect(await refusal(find(cluster, stack))).toMatch(/records of other stacks.*--without-records/);
    expect((await find(cluster, stack, { withoutRecords: true })).jobs).toMatchObject([{ id: "web" }]);
  });
});

test("keys below a prefix of another stack stay, and so do those of another one below the own prefix", async () => {
  const cluster = new ClusterInMemory();
  const values = { level: "info" };
  const stack = stackOf([], { prefix: "shop/", values });
  await deployed(cluster, "dev", stack);
  await deployed(cluster, "staging", stackOf([], { prefix: "shop/staging/", values }));
  cluster.put("consul", "shop/level", "info");
  cluster.put("consul", "shop/staging/level", "info");
  const below = await findDestruction(
    "staging",
    "shop",
    stackOf([], { prefix: "shop/staging/", values }),
    await readOwners({ project: "shop", environment: "staging", store: "consul" }, cluster.clients),
    { ...cluster.clients, masking },
  );
  expect([below.consul, below.kept]).toMatchObject([[], [{ name: "keys shop/staging/", owner: "dev" }]]);
  await destroy(await find(cluster, stack), { ...cluster.clients, ...quiet });
  expect(Object.keys(cluster.texts("consul")).filter((key) => key.startsWith("shop/"))).toEqual(["shop/staging/level"]);
});

describe("what comes while a stack is taken away", () => {
  async function going() {
    const cluster = new ClusterInMemory();
    const stack = stackOf([{ ID: "nightly" }]);
    await deployed(cluster, "dev", stack);
    cluster.hold({ ID: "nightly" }, { ID: "nightly/periodic-1", ParentID: "nightly" });
    return { cluster, found: await find(cluster, stack) };
  }

  test("goes with it: what a job launches until it is stopped", async () => {
    const { cluster, found } = await going();
    cluster.beforeStop = (id) => {
      if (id === "nightly" && cluster.ids.length === 2) cluster.hold({ ID: "nightly/periodic-2", ParentID: "nightly" });
    };
    const done = await destroy(found, { ...cluster.clients, ...quiet });
    expect([cluster.ids, done.record]).toEqual([[], "removed"]);
    expect(cluster.done.indexOf("stop nightly/periodic-2")).toBeLessThan(cluster.done.indexOf("purge nightly"));
  });

  test("is a new generation of its pool", async () => {
    const cluster = new ClusterInMemory();
    const Meta = { pool: "warm-pool-openai" };
    const stack = stackOf([{ ID: "warm-pool-openai-1", Meta }]);
    await deployed(cluster, "dev", stack);
    cluster.hold({ ID: "warm-pool-openai-1", Meta });
    const found = await find(cluster, stack);
    cluster.hold({ ID: "warm-pool-openai-2", Meta });
    await destroy(found, { ...cluster.clients, ...quiet });
    expect(cluster.ids).toEqual([]);
  });
});

test("what does not end is waited for until then, with what it is", async () => {
  const cluster = new ClusterInMemory();
  const stack = stackOf([{ ID: "web" }]);
  await deployed(cluster, "dev", stack);
  cluster.hold({ ID: "web" });
  cluster.allocations.set("web", [
    { ID: "1a2b3c4d-0000", NodeName: "node-1", ClientStatus: "unknown" } as unknown as AllocationStub,
  ]);
  const steps: string[] = [];
  const done = await destroy(await find(cluster, stack), {
    ...cluster.clients,
    ...quiet,
    onStep: (text) => void steps.push(text),
    until: performance.now() + 300,
    tellAfter: 0,
  });
  const waitsFor = "the allocation 1a2b3c4d on node-1 is unknown";
  expect(done).toMatchObject({ record: "kept", jobs: [{ id: "web", result: "stopping", waitsFor }] });
  expect(steps.filter((text) => text.includes(waitsFor))).toHaveLength(1);
  expect(cluster.ids).toEqual(["web"]);
});

test("a record that was found in the other store goes from there", async () => {
  const cluster = new ClusterInMemory();
  await deployed(cluster, "dev", stackOf([{ ID: "web" }]));
  cluster.hold({ ID: "web" });
  const found = await find(cluster, stackOf([{ ID: "web" }], { values: { level: "info" } }));
  const done = await destroy(found, { ...cluster.clients, ...quiet });
  expect([done.record, cluster.texts("nomad")]).toEqual(["removed", {}]);
});

test("a record of a later release stays, and that is said", async () => {
  const cluster = new ClusterInMemory();
  cluster.put("consul", head("dev"), '{"format":2}');
  const found = await find(cluster, stackOf([], { values: { level: "info" } }), { withoutRecords: true });
  const done = await destroy(found, { ...cluster.clients, ...quiet });
  expect(done.record).toMatchObject({ reason: expect.stringContaining("later release") as string });
  expect(Object.keys(cluster.texts("consul"))).toEqual([head("dev")]);
});

test("a stack that has a record goes with all that the record has", async () => {
  const cluster = new ClusterInMemory();
  const stack = stackOf([{ ID: "web" }, { ID: "worker" }], { values: { level: "info" } });
  await deployed(cluster, "dev", stack);
  cluster.hold({ ID: "web", Priority: 80 }, { ID: "worker" }, { ID: "stranger" });
  cluster.put("consul", "shop/dev/level", "debug");
  const found = await find(cluster, stack);
  const gone = await destroy(found, { ...cluster.clients, ...quiet });
  expect(gone).toMatchObject({ jobs: [{ id: "web" }, { id: "worker" }], record: "removed" });
  expect([cluster.ids, cluster.texts("consul")]).toEqual([["stranger"], {}]);
});

describe("a deployment beside destroy", () => {
  const stack = stackOf([{ ID: "web" }, { ID: "worker" }], { values: { level: "info" } });
  const quiet = { onStep: () => undefined, forgetPool: () => Promise.resolve() };

  test("that registers a job again keeps it, with what is in Consul and the record", async () => {
    const cluster = new ClusterInMemory();
    await deployed(cluster, "dev", stack);
    cluster.hold({ ID: "web" }, { ID: "worker" });
    cluster.put("consul", "shop/dev/level", "info");
    const found = await find(cluster, stack);
    const again = () => {
      cluster.jobs.splice(0, 1, { ID: "web", Region: "global", Namespace: "default", Stop: false });
    };
    // In the pause before jobs are forgotten.
    const onStep = (text: string) => void (text === "stopping worker" && setTimeout(again, 50));
    const gone = await destroy(found, { ...cluster.clients, ...quiet, onStep });
    expect(gone).toMatchObject({ jobs: [{ result: "again" }, { result: "purged" }], consul: [], record: "kept" });
    expect(cluster.ids).toEqual(["web"]);
    expect(Object.keys(cluster.texts("consul"))).toEqual(expect.arrayContaining([head("dev"), "shop/dev/level"]));
  });

  test("that registers a job again while destroy waits for its end is not waited for", async () => {
    const cluster = new ClusterInMemory();
    await deployed(cluster, "dev", stack);
    cluster.hold({ ID: "web" }, { ID: "worker" });
    cluster.allocations.set("web", [
      { ID: "1a2b3c4d-0000", NodeName: "node-1", ClientStatus: "running" } as unknown as AllocationStub,
    ]);
    const again = () => {
      cluster.jobs.splice(0, 1, { ID: "web", Region: "global", Namespace: "default", Stop: false });
    };
    const onStep = (text: string) => void (text === "stopping worker" && setTimeout(again, 50));
    const until = performance.now() + 30_000;
    const gone = await destroy(await find(cluster, stack), { ...cluster.clients, ...quiet, onStep, until });
    expect(gone).toMatchObject({ jobs: [{ result: "again" }, { result: "purged" }], consul: [], record: "kept" });
    expect(performance.now()).toBeLessThan(until);
  });

  test("that enters another job into the record keeps the record", async () => {
    const cluster = new ClusterInMemory();
    await deployed(cluster, "dev", stack);
    const found = await find(cluster, stack);
    await deployed(cluster, "dev", stackOf([{ ID: "web" }, { ID: "new" }], { values: { level: "info" } }));
    const gone = await destroy(found, { ...cluster.clients, ...quiet });
    expect(gone.record).toEqual({ reason: "new came to it meanwhile, by another deployment" });
    expect(cluster.texts("consul")).toHaveProperty([head("dev")]);
  });

  test("that ends after it has its jobs in a record all the same", async () => {
    const cluster = new ClusterInMemory();
    await deployed(cluster, "dev", stack);
    const wanted = desiredRecord(stack, { project: "shop", environment: "dev" });
    await destroy(await find(cluster, stack), { ...cluster.clients, ...quiet });
    expect(cluster.texts("consul")).toEqual({});
    const { content } = wanted;
    const done = {
      brought: { jobs: [...content.jobs, { id: "more" }], consul: [] },
      stopped: { jobs: [], consul: [] },
    };
    expect(await settleRecord(wanted, done, cluster.clients)).toMatchObject({
      kind: "written",
      record: { jobs: [{ id: "web" }, { id: "worker" }], former: { jobs: [{ id: "more" }] } },
    });
  });
});

test("a job whose region nobody answers for stays in the record, and everything else of the stack goes", async () => {
  const cluster = new ClusterInMemory();
  const stack = stackOf([{ ID: "web" }], { values: { level: "info" } });
  const far = stackOf([...jobsOf(stack), { ID: "far", Region: "mars" }], { values: { level: "info" } });
  await deployed(cluster, "dev", far);
  cluster.hold({ ID: "web" }, { ID: "far", Region: "mars" });
  cluster.lostRegions.add("mars");
  // A record may name it when the program does not, and then anybody may have written it.
  for (const program of [far, stack]) {
    const found = await find(cluster, program);
    expect(found.kept).toEqual([
      { name: "far", isUnseen: true, reason: expect.stringMatching(/not known.*No path to region/) },
    ]);
    const gone = await destroy(found, { ...cluster.clients, ...quiet });
    expect(gone.record).toEqual({ reason: expect.stringMatching(/could not be looked for: far; destroy again/) });
  }
  expect(cluster.ids).toEqual(["far"]);
  expect(Object.keys(cluster.texts("consul")).filter((key) => !key.startsWith(head("dev")))).toEqual([]);
  cluster.lostRegions.clear();
  expect(await destroy(await find(cluster, far), { ...cluster.clients, ...quiet })).toMatchObject({
    jobs: [{ id: "far", result: "purged" }],
    record: "removed",
  });
  expect(cluster.texts("consul")).toEqual({});
});
