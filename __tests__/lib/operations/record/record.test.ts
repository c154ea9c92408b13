import { NoAnswerError, TokenRefused } from "../../../../lib/errors";
import { ApiError } from "../../../../lib/nomad";
import {
  enterRecord,
  leaveRecord,
  listRecords,
  readRecord,
  removeRecord,
  settleRecord,
  desiredRecord,
  type RecordStoreName,
  type StackContents,
} from "../../../../lib/operations";
import { recordPath } from "../../../../lib/stack-record";
import { RecordServers } from "../../../support/record-store";

const identity = { project: "shop", environment: "dev" };
const head = recordPath(identity);
const nothing = { jobs: [], consul: [] };

/** What a program wants: jobs by their ids, and prefixes of Consul. */
function wanting(jobs: readonly string[], more: Partial<StackContents> & { prefixes?: readonly string[] } = {}) {
  const { prefixes = ["shop/dev/"], ...rest } = more;
  const contents: StackContents = {
    objects: [
      ...prefixes.map((prefix) => ({ kind: "keys" as const, path: `dev/${prefix}`, prefix, values: {}, after: [] })),
      ...jobs.map((ID) => ({ kind: "job" as const, path: `dev/${ID}`, job: { ID }, after: [] })),
    ],
    terraformOnly: [],
    declared: { owner: "cdk-nomad" },
    sensitive: [],
    reached: [],
    ...rest,
  };
  return desiredRecord(contents, identity);
}

function idsOf(jobs: readonly { readonly id: string }[]): readonly string[] {
  return jobs.map(({ id }) => id).sort();
}

describe.each<RecordStoreName>(["consul", "nomad"])("a record in %s", (store) => {
  const prefixes = store === "consul" ? undefined : [];
  const want = (jobs: readonly string[], more: Partial<StackContents> = {}) => wanting(jobs, { prefixes, ...more });
  const place = { ...identity, store };

  async function found(servers: RecordServers) {
    const state = await readRecord(place, servers.clients);
    if (state.kind !== "found") throw new Error(JSON.stringify(state));
    return state.record;
  }

  test("says nothing of a stack that was never deployed, and then what was entered", async () => {
    const servers = new RecordServers();
    expect(await readRecord(place, servers.clients)).toEqual({ kind: "none" });
    const write = await enterRecord(want(["web"]), servers.clients);
    expect(write).toMatchObject({ kind: "written", record: { jobs: [{ id: "web" }] } });
    expect(write).not.toHaveProperty("before");
    expect(await found(servers)).toMatchObject({
      ...identity,
      owner: "cdk-nomad",
      jobs: [{ id: "web" }],
      former: nothing,
    });
  });

  test("keeps what the program no longer has until it is stopped", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["web", "worker"]), servers.clients);
    const second = want(["web", "mailer"]);
    await enterRecord(second, servers.clients);
    expect(await found(servers)).toMatchObject({
      jobs: [{ id: "mailer" }, { id: "web" }],
      former: { jobs: [{ id: "worker" }], consul: [] },
    });
    const done = { brought: nothing, stopped: { jobs: [{ id: "worker" }], consul: [] } };
    await settleRecord(second, done, servers.clients);
    expect(await found(servers)).toMatchObject({ former: nothing });
    expect(Object.keys(servers.texts(store)).filter((path) => path.includes("/others/"))).toEqual([]);
  });

  test("keeps a job that is only stopped as that, until it is brought back, or the program has it again", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["web", "worker"]), servers.clients);
    const wanted = want(["web"]);
    await enterRecord(wanted, servers.clients);
    const stopped = { jobs: [{ id: "worker", stopped: true as const }], consul: [] };
    await settleRecord(wanted, { brought: nothing, stopped }, servers.clients);
    expect((await found(servers)).former.jobs).toEqual([{ id: "worker", stopped: true }]);
    await enterRecord(wanted, servers.clients);
    expect((await found(servers)).former.jobs).toEqual([{ id: "worker", stopped: true }]);
    const again = { brought: { jobs: [{ id: "worker" }], consul: [] }, stopped: nothing };
    await settleRecord(wanted, again, servers.clients);
    expect((await found(servers)).former.jobs).toEqual([{ id: "worker" }]);
    await enterRecord(want(["web", "worker"]), servers.clients);
    expect((await found(servers)).former.jobs).toEqual([]);
  });

  test("is written once where nothing changes", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["web"]), servers.clients);
    const before = new Map(servers[store]);
    await enterRecord(want(["web"]), servers.clients);
    await settleRecord(
      want(["web"]),
      { brought: { jobs: [{ id: "web" }], consul: [] }, stopped: nothing },
      servers.clients,
    );
    expect(servers[store]).toEqual(before);
  });

  test("two deployments at the same moment leave all that they brought", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["old"]), servers.clients);
    const programs = [["a", "b"], ["a", "c"], ["d"]].map((jobs) => want(jobs));
    await Promise.all(programs.map((program) => enterRecord(program, servers.clients)));
    const { jobs, former } = await found(servers);
    expect(idsOf([...jobs, ...former.jobs])).toEqual(["a", "b", "c", "d", "old"]);
    await Promise.all(
      programs.map((program) =>
        settleRecord(
          program,
          { brought: program.content, stopped: { jobs: [{ id: "old" }], consul: [] } },
          servers.clients,
        ),
      ),
    );
    const settled = await found(servers);
    expect(idsOf([...settled.jobs, ...settled.former.jobs])).toEqual(["a", "b", "c", "d"]);
  });

  test("a deployment that is ended between any two writes leaves nothing out", async () => {
    for (let end = 0; end < 8; end += 1) {
      const servers = new RecordServers();
      await enterRecord(want(["a", "b"]), servers.clients);
      let writes = 0;
      servers.beforeWrite = () => {
        if (writes === end) throw new NoAnswerError("Consul", "absent", "gone");
        writes += 1;
      };
      await enterRecord(want(["b", "c"]), servers.clients).catch(() => undefined);
      servers.beforeWrite = () => undefined;
      const { jobs, former } = await found(servers);
      expect(idsOf([...jobs, ...former.jobs])).toEqual(expect.arrayContaining(["a", "b"]));
      // The next one is not held up by what was left.
      expect(await enterRecord(want(["b", "c"]), servers.clients)).toMatchObject({ kind: "written" });
      const next = await found(servers);
      expect(idsOf(next.jobs)).toEqual(["b", "c"]);
      expect(idsOf(next.former.jobs)).toEqual(["a"]);
    }
  });

  test("a deployment that was refused puts back what was there, unless somebody wrote meanwhile", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["a"]), servers.clients);
    const before = servers.texts(store);
    const refused = want(["b"]);
    const write = await enterRecord(refused, servers.clients);
    await leaveRecord(refused, write.kind === "written" ? write.before : undefined, servers.clients);
    expect(servers.texts(store)).toEqual(before);
    const again = await enterRecord(refused, servers.clients);
    await enterRecord(want(["c"]), servers.clients);
    const held = servers.texts(store);
    await leaveRecord(refused, again.kind === "written" ? again.before : undefined, servers.clients);
    expect(servers.texts(store)).toEqual(held);
  });

  test("the deployment that holds has its content in the record in the end", async () => {
    const servers = new RecordServers();
    const winner = want(["a"], { variables: { level: { value: "debug" } } });
    await enterRecord(winner, servers.clients);
    await enterRecord(want(["b"]), servers.clients);
    const done = { brought: winner.content, stopped: nothing };
    await settleRecord(winner, { ...done, holds: async () => false }, servers.clients);
    expect(await found(servers)).toMatchObject({ variables: {}, jobs: [{ id: "b" }], former: { jobs: [{ id: "a" }] } });
    await settleRecord(winner, { ...done, holds: async () => true }, servers.clients);
    expect(await found(servers)).toMatchObject({
      variables: { level: "debug" },
      jobs: [{ id: "a" }],
      former: { jobs: [{ id: "b" }] },
    });
  });

  test("a thousand jobs with long names are split into objects that a variable takes", async () => {
    const servers = new RecordServers();
    const ids = Array.from({ length: 1000 }, (_, at) => `${"long-".repeat(30)}${at}`);
    await enterRecord(want(ids), servers.clients);
    const texts = Object.values(servers.texts(store));
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThan(60 * 1024);
    expect(idsOf((await found(servers)).jobs)).toEqual([...ids].sort());
    await enterRecord(want(["web"]), servers.clients);
    const fewer = await found(servers);
    expect([fewer.jobs.length, fewer.former.jobs.length]).toEqual([1, 1000]);
    await removeRecord(place, servers.clients);
    expect(servers.texts(store)).toEqual({});
  });

  test.each([
    ["another shape", "{}", "is no record, at format"],
    ["no JSON", "x", "is no record"],
    ["a very deep one", `${"[".repeat(5000)}${"]".repeat(5000)}`, `${head} is nested more than`],
    [
      "one with deep values",
      `{"format":1,"variables":{"a":${"[".repeat(5000)}${"]".repeat(5000)}}}`,
      `${head} is nested`,
    ],
    ["a very large one", `"${"x".repeat(2 ** 21)}"`, `${head} is larger than`],
    ["a later release's", '{"format":2}', "a later release of cdk-nomad"],
    ["another stack's", undefined, "belongs elsewhere"],
  ])("%s is unreadable, is said, and stays as it is", async (_what, text, reason) => {
    const servers = new RecordServers();
    await enterRecord(want(["web"]), servers.clients);
    const own = servers.texts(store)[head] ?? "";
    servers.put(store, head, text ?? own.replace('"environment":"dev"', '"environment":"prod"'));
    const held = servers.texts(store);
    expect(await readRecord(place, servers.clients)).toMatchObject({
      kind: "unreadable",
      reason: expect.stringContaining(reason) as string,
    });
    expect(await enterRecord(want(["web", "b"]), servers.clients)).toMatchObject({ kind: "unwritten" });
    expect(servers.texts(store)).toEqual(held);
  });

  test("a part that is missing is not taken for an empty one", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["web"]), servers.clients);
    servers.put(store, `${head}/jobs/0`, undefined);
    expect(await readRecord(place, servers.clients)).toEqual({
      kind: "unreadable",
      reason: `${head}/jobs/0 is missing`,
    });
  });

  test("how many parts a head says that there are costs nothing: a stranger's record holds no command up", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["web"]), servers.clients);
    const own = servers.texts(store)[head] ?? "";
    servers.put(store, head, own.replace(/"parts":\{[^}]*\}/, '"parts":{"jobs":10000,"consul":10000}'));
    const { clients } = servers;
    let asked = 0;
    const { variable } = clients.nomad;
    clients.nomad.variable = async (path) => ((asked += 1), variable(path));
    expect(await readRecord(place, clients)).toEqual({ kind: "unreadable", reason: `${head}/jobs/1 is missing` });
    await listRecords(clients);
    expect(asked).toBeLessThan(20);
  });

  test("a server that refuses the token is a state, and no error", async () => {
    const servers = new RecordServers();
    servers.refuse[store] = new TokenRefused("refuses the token");
    expect(await readRecord(place, servers.clients)).toEqual({ kind: "unreadable", reason: "refuses the token" });
    expect(await enterRecord(want(["web"]), servers.clients)).toEqual({
      kind: "unwritten",
      reason: "refuses the token",
    });
  });

  test("is read once a server has a leader again, and is no state until then", async () => {
    const servers = new RecordServers();
    await enterRecord(want(["web"]), servers.clients);
    servers.stumble[store].push(new ApiError("Nomad", "GET", "/v1", 500, "rpc error: No cluster leader"));
    expect(await readRecord(place, servers.clients)).toMatchObject({ kind: "found" });
    servers.stumble[store].push(new ApiError("Nomad", "GET", "/v1", 500, "rpc error: No cluster leader"));
    expect(await listRecords(servers.clients)).toMatchObject({ records: [{ kind: "found" }], unread: [] });
  });

  test("what passes is thrown, since it is worth another try", async () => {
    const servers = new RecordServers();
    servers.refuse[store] = new NoAnswerError("Consul", "absent", "Consul does not answer");
    await expect(enterRecord(want(["web"]), servers.clients)).rejects.toThrow("Consul does not answer");
  });
});

test("a stack that begins to use Consul takes its record along, once its deployment has ended well", async () => {
  const servers = new RecordServers();
  await enterRecord(wanting(["a", "b"], { prefixes: [] }), servers.clients);
  expect(await readRecord({ ...identity, store: "consul" }, servers.clients)).toMatchObject({
    kind: "found",
    store: "nomad",
  });
  const before = servers.texts("nomad");
  const refused = await enterRecord(wanting(["a"]), servers.clients);
  expect(refused).toMatchObject({ elsewhere: { jobs: [{ id: "a" }, { id: "b" }] } });
  expect(refused).not.toHaveProperty("before");
  await leaveRecord(wanting(["a"]), undefined, servers.clients);
  expect([servers.texts("consul"), servers.texts("nomad")]).toEqual([{}, before]);

  await enterRecord(wanting(["a"]), servers.clients);
  expect(servers.texts("nomad")).toEqual(before);
  await settleRecord(wanting(["a"]), { brought: nothing, stopped: nothing, moves: true }, servers.clients);
  expect(servers.texts("nomad")).toEqual({});
  expect(await readRecord({ ...identity, store: "consul" }, servers.clients)).toMatchObject({
    store: "consul",
    record: { jobs: [{ id: "a" }], former: { jobs: [{ id: "b" }] } },
  });
});

test("a record whose old place may not be cleared is written all the same", async () => {
  const servers = new RecordServers();
  await enterRecord(wanting(["a", "b"], { prefixes: [] }), servers.clients);
  expect(await enterRecord(wanting(["a"]), servers.clients)).toMatchObject({ kind: "written" });
  servers.beforeWrite = (paths) => {
    if (servers.nomad.has(paths[0] ?? "")) throw new TokenRefused("refuses the token");
  };
  const settled = await settleRecord(
    wanting(["a"]),
    { brought: nothing, stopped: nothing, moves: true },
    servers.clients,
  );
  expect(settled).toMatchObject({ kind: "written" });
});

describe.each<RecordStoreName>(["consul", "nomad"])("what is left of a record without its head, in %s,", (store) => {
  const want = (jobs: readonly string[]) => wanting(jobs, { prefixes: store === "consul" ? undefined : [] });

  /** As after `cdktf destroy`, which takes away what it brought. */
  async function withoutHead() {
    const servers = new RecordServers();
    await enterRecord(want(["web", "old"]), servers.clients);
    await enterRecord(want(["web"]), servers.clients);
    for (const path of servers[store].keys()) if (!path.includes("/others/")) servers.put(store, path, undefined);
    return servers;
  }

  test("is a record of what still runs", async () => {
    const servers = await withoutHead();
    const record = { ...identity, jobs: [], former: { jobs: [{ id: "old" }] } };
    expect(await readRecord({ ...identity, store }, servers.clients)).toMatchObject({ kind: "found", record });
    expect(await listRecords(servers.clients)).toMatchObject({ records: [{ kind: "found", record }], unread: [] });
  });

  test("stays known through the next deployment, and through one that is refused", async () => {
    const servers = await withoutHead();
    const left = servers.texts(store);
    const write = await enterRecord(want(["web"]), servers.clients);
    expect(write).toMatchObject({ kind: "written", record: { former: { jobs: [{ id: "old" }] } } });
    await leaveRecord(want(["web"]), write.kind === "written" ? write.before : undefined, servers.clients);
    expect(servers.texts(store)).toEqual(left);
  });

  test("goes with the stack", async () => {
    const servers = await withoutHead();
    expect(await removeRecord({ ...identity, store }, servers.clients)).toEqual({ kind: "removed" });
    expect(servers.texts(store)).toEqual({});
  });
});

test("a record that cannot be read is never removed", async () => {
  const servers = new RecordServers();
  servers.put("consul", head, '{"format":2}');
  expect(await removeRecord({ ...identity, store: "consul" }, servers.clients)).toMatchObject({
    kind: "unwritten",
    reason: expect.stringContaining("later release") as string,
  });
  expect(Object.keys(servers.texts("consul"))).toEqual([head]);
});

test("a record that stands in both stores goes from both", async () => {
  const servers = new RecordServers();
  await enterRecord(wanting(["a"], { prefixes: [] }), servers.clients);
  await enterRecord(wanting(["a"]), servers.clients);
  await removeRecord({ ...identity, store: "consul" }, servers.clients);
  expect([servers.texts("consul"), servers.texts("nomad")]).toEqual([{}, {}]);
});

test("jobs that name no namespace are where whoever deployed them was, whoever reads the record", async () => {
  const servers = new RecordServers();
  await enterRecord(wanting(["web"]), servers.clients);
  const texts = servers.texts("consul")[head] ?? "";
  servers.put("consul", head, texts.replace('"surroundings":{}', '"surroundings":{"NOMAD_NAMESPACE":"apps"}'));
  expect(await readRecord({ ...identity, store: "consul" }, servers.clients)).toMatchObject({
    record: { jobs: [{ id: "web", namespace: "apps" }] },
  });
});

test("a list has the stacks of both stores, and what could not be asked", async () => {
  const servers = new RecordServers();
  await enterRecord(wanting(["a"]), servers.clients);
  await enterRecord(
    desiredRecord(
      { objects: [], terraformOnly: [], declared: { owner: "cdk-nomad" }, sensitive: [], reached: [] },
      { project: "a/b c", environment: "dev.x" },
    ),
    servers.clients,
  );
  const names = async () => {
    const { records, unread } = await listRecords(servers.clients);
    return {
      records: records.map((each) => (each.kind === "found" ? [each.record.project, each.record.environment] : each)),
      unread,
    };
  };
  expect(await names()).toEqual({
    records: [
      ["shop", "dev"],
      ["a/b c", "dev.x"],
    ],
    unread: [],
  });
  servers.refuse.nomad = new TokenRefused("refuses the token");
  expect(await names()).toEqual({
    records: [["shop", "dev"]],
    unread: [{ store: "nomad", reason: "refuses the token" }],
  });
});

test("stacks whose names begin alike are kept apart", async () => {
  const servers = new RecordServers();
  const of = (environment: string) =>
    desiredRecord(
      {
        objects: [
          { kind: "keys", path: "k", prefix: "x/", values: {}, after: [] },
          { kind: "job", path: "j", job: { ID: environment }, after: [] },
        ],
        terraformOnly: [],
        declared: { owner: "cdk-nomad" },
        sensitive: [],
        reached: [],
      },
      { project: "shop", environment },
    );
  for (const name of ["dev", "dev2", "dev/jobs"]) await enterRecord(of(name), servers.clients);
  for (const environment of ["dev", "dev2", "dev/jobs"])
    expect(await readRecord({ project: "shop", environment, store: "consul" }, servers.clients)).toMatchObject({
      record: { jobs: [{ id: environment }] },
    });
});

test("a value that has the form of a secret is in no record", async () => {
  const token = `ghp_${"a1B2".repeat(9)}`;
  const wanted = wanting(["web"], { variables: { version: { value: "1.2" }, note: { value: token } } });
  expect(wanted.leftOut).toEqual(["note"]);
  expect([...wanted.texts.values()].join("")).not.toContain(token);
  expect(wanted.content.variables).toEqual({ version: "1.2" });
});
