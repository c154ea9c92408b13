import { Masking } from "../../../../lib/masking";
import { NomadClient, nomadConnection } from "../../../../lib/nomad";
import { stackStatus, type JobStatus, type StackObject } from "../../../../lib/operations";
import { ANSWERED, startedAgain, withTasks } from "../../../support/relapsed";
import { recorded, recordedJob, ReplayServer, type Answers } from "../../../support/replay";

/** What a recorded state is judged to be. */
async function statusOf(
  state: string,
  id: string,
  masking?: Masking,
  more: Answers = {},
): Promise<JobStatus | undefined> {
  const server = await new ReplayServer({ ...recorded(state).nomad, ...more }).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  const wanted: StackObject[] = [{ kind: "job", path: `lab/${id}`, job: { ID: id }, after: [] }];
  try {
    const [status] = await stackStatus(wanted, { nomad, patience: 0, masking: masking ?? new Masking() });
    return status;
  } finally {
    await nomad.close();
    await server.close();
  }
}

describe("a version that was just submitted", () => {
  const { nomad } = recorded("deploying");
  const bodyOf = (endpoint: string) => (nomad[endpoint] as { readonly body: object }).body;
  const evaluated = (Status: string, TriggeredBy = "job-register"): Answers => ({
    "GET /v1/job/web/deployments": { body: [] },
    "GET /v1/job/web/allocations": { body: [] },
    "GET /v1/job/web/evaluations": {
      body: (bodyOf("GET /v1/job/web/evaluations") as readonly object[]).map((one) => ({
        ...one,
        Status,
        TriggeredBy,
      })),
    },
  });
  // Whatever a clock says here or there.
  const submitted = (SubmitTime: number): Answers => ({
    "GET /v1/job/web": { body: { ...bodyOf("GET /v1/job/web"), SubmitTime } },
  });

  test.each([0, 1e18, 2e18])("is deploying until the scheduler has decided, submitted at %d", async (time) => {
    for (const trigger of ["job-register", "job-scaling"]) {
      const status = await statusOf("deploying", "web", undefined, {
        ...evaluated("pending", trigger),
        ...submitted(time),
      });
      expect([trigger, status?.state]).toEqual([trigger, "deploying"]);
    }
    const decided = await statusOf("deploying", "web", undefined, { ...evaluated("complete"), ...submitted(time) });
    expect(decided?.state).toBe("degraded");
  });

  test("is deploying where the scheduler decides between two questions", async () => {
    const pending = evaluated("pending");
    let asked = 0;
    const status = await statusOf("deploying", "web", undefined, {
      ...nomad,
      // The evaluation is complete by the second question, and the deployment has begun.
      "GET /v1/job/web/evaluations": () => {
        asked += 1;
        return pending["GET /v1/job/web/evaluations"] as { readonly body: unknown };
      },
      "GET /v1/job/web/deployments": () => ({ body: asked > 0 ? bodyOf("GET /v1/job/web/deployments") : [] }),
    });
    expect(status?.state).toBe("deploying");
  });
});

const CASES: readonly (readonly [
  recording: string,
  job: string,
  state: JobStatus["state"],
  why: RegExp | undefined,
])[] = [
  ["healthy", "web", "healthy", undefined],
  ["promoted", "web", "healthy", undefined],
  ["system", "agent", "healthy", undefined],
  ["batch-complete", "load", "complete", undefined],
  ["batch-running", "load", "running", /runs, and has not ended yet/],
  ["batch-exits-7", "load", "failed", /task "main" of group "api" ended with exit code 7/],
  ["failed", "web", "failed", /the deployment of version 0 failed.*exit code 3/],
  ["canary-waiting", "web", "waiting-for-promotion", undefined],
  ["deploying", "web", "deploying", /runs, and is not healthy yet/],
  ["no-node-fits", "web", "degraded", /finds no node: the constraint ".*" leaves out 1 node/],
  ["no-datacenter", "web", "degraded", /finds no node: no node is in the job's datacenters/],
  ["too-much-memory", "web", "degraded", /memory is exhausted on 1 node/],
  ["small-disk", "web", "degraded", /disk is exhausted on 1 node/],
  ["missing-driver", "web", "degraded", /the constraint "missing drivers" leaves out 1 node/],
  ["second-too-large", "web", "degraded", /finds no node: .*exhausted on 1 node/],
  ["canary-without-room", "web", "degraded", /finds no node: .*exhausted on 1 node/],
  ["drained-node", "web", "degraded", /runs 0 of 1/],
  ["missing-variable", "web", "deploying", /waits for the Nomad variable "nomad\/jobs\/web"/],
  ["system-no-node", "agent", "degraded", /finds no node: the constraint/],
  ["system-stopped-allocation", "agent", "degraded", /runs 0 of 1/],
  ["stopped", "web", "stopped", /somebody stopped it/],
  ["purged", "web", "missing", undefined],
  ["dispatched", "load", "failed", /load\/dispatch-\S+ failed: .*exit code 7/],
  ["periodic", "nightly", "failed", /nightly\/periodic-\S+ failed: .*exit code 7/],
];

test.each(CASES)("%s: %s is %s", async (recording, job, state, why) => {
  const status = await statusOf(recording, job);
  const reasons = (status?.reasons ?? []).map(({ message }) => message).join("; ");
  expect([status?.state, reasons]).toEqual([state, expect.stringMatching(why ?? /^/)]);
});

test("a job that is well has no reasons, and every other says why", () => {
  const silent: readonly JobStatus["state"][] = ["healthy", "complete", "waiting-for-promotion", "missing"];
  for (const [, , state, why] of CASES) expect([state, why === undefined]).toEqual([state, silent.includes(state)]);
});

describe("what ended by itself a moment ago and runs again", () => {
  /** The min_healthy_time of the recorded job, in milliseconds. */
  const LEAST = 5_000;
  const endpoint = "GET /v1/job/web/allocations";
  const statusWith = (recording: string, task: Parameters<typeof startedAgain>[0], headers = ANSWERED) => {
    const { body } = recorded(recording).nomad[endpoint] as { readonly body: unknown };
    return statusOf(recording, "web", undefined, {
      [endpoint]: { headers, body: withTasks(body, startedAgain(task)) },
    });
  };
  const said = (status: JobStatus | undefined) => [
    status?.state,
    ...(status?.reasons ?? []).map(({ message }) => message),
  ];
  test("is degraded until it has run for longer than before, by the servers' clocks", async () => {
    const why = expect.stringMatching(
      /ended with exit code 4, was started again \(3 restarts\), and has not run for long enough since/,
    );
    expect(said(await statusWith("healthy", { age: 7_000, lasted: 8_000 }))).toEqual(["degraded", why]);
    // The clock of a node may be ahead of the server's.
    expect(said(await statusWith("healthy", { age: -2_000 }))).toEqual(["degraded", why]);
    // A service that ends well does not serve.
    expect(said(await statusWith("healthy", { age: 1, exitCode: 0 }))[0]).toBe("degraded");
    expect(said(await statusWith("healthy", { age: 8_000, lasted: 8_000 }))).toEqual(["healthy"]);
    // The recorded job waits for its min_healthy_time where it ran for less before.
    expect(said(await statusWith("healthy", { age: LEAST - 500, lasted: 0 }))[0]).toBe("degraded");
    expect(said(await statusWith("healthy", { age: LEAST, lasted: 0 }))).toEqual(["healthy"]);
    expect(said(await statusWith("healthy", { age: 12_000, lasted: 3_600_000 }))).toEqual(["healthy"]);
  });

  test("is not where somebody asked for its restart, nor where nobody knows how late it is", async () => {
    expect(said(await statusWith("healthy", { age: 1, why: "" }))).toEqual(["healthy"]);
    expect(said(await statusWith("healthy", { age: 1 }, { date: "late" }))).toEqual(["healthy"]);
    // An hour between two clocks says nothing of a task.
    expect(said(await statusWith("healthy", { age: -3_600_000 }))).toEqual(["healthy"]);
  });

  test("is no canary that waits for its promotion, and neither is one that has ended", async () => {
    expect(said(await statusWith("canary-waiting", { age: 1 }))[0]).toBe("degraded");
    expect(said(await statusWith("canary-waiting", { age: 60_000 }))[0]).toBe("waiting-for-promotion");
    const { body } = recorded("canary-waiting").nomad[endpoint] as { readonly body: readonly object[] };
    const ended = body.map((each) =>
      (each as { DeploymentStatus?: { Canary?: boolean } }).DeploymentStatus?.Canary
        ? { ...each, ClientStatus: "failed" }
        : each,
    );
    const status = await statusOf("canary-waiting", "web", undefined, { [endpoint]: { body: ended } });
    expect(said(status)).toEqual(
      expect.arrayContaining(["degraded", expect.stringMatching(/^0 of 1 canary of group/)]),
    );
  });
});

test("what was stopped to make room for a job of higher priority says so, and not only that no node has room", async () => {
  const { nomad } = recorded("healthy");
  const [one] = (nomad["GET /v1/job/web/allocations"] as { readonly body: readonly object[] }).body;
  const by = "0a1b2c3d-1111-2222-3333-444455556666";
  const evicted = {
    ...one,
    DesiredStatus: "evict",
    DesiredDescription: `Preempted by alloc ID ${by}`,
    ClientStatus: "complete",
  };
  const without: Answers = { "GET /v1/job/web/allocations": { body: [evicted] } };
  const said = (status: JobStatus | undefined) => (status?.reasons ?? []).map(({ kind, message }) => [kind, message]);
  const status = await statusOf("healthy", "web", undefined, without);
  expect([status?.state, said(status)]).toEqual([
    "degraded",
    expect.arrayContaining([
      ["preempted", expect.stringMatching(/to make room for a job of higher priority.*nomad alloc status 0a1b2c3d$/)],
    ]),
  ]);
  // Once another runs in its place, nothing is to be said.
  const again = { ...one, ID: "11111111-1111-2222-3333-444455556666", CreateIndex: 999_999 };
  const mended = await statusOf("healthy", "web", undefined, {
    "GET /v1/job/web/allocations": { body: [evicted, again] },
  });
  expect(said(mended).filter(([kind]) => kind === "preempted")).toEqual([]);
});

test("a secret of Vault that a task cannot ask for is told with the block that it lacks", async () => {
  const { nomad } = recorded("missing-variable");
  const text = JSON.stringify((nomad["GET /v1/job/web/allocations"] as { readonly body: object }).body);
  const waiting = text.replaceAll(/Missing: nomad\.var\.block\([^)]*\)/g, "Missing: vault.read(secret/data/web)");
  expect(waiting).toContain("vault.read");
  const allocations: Answers = { "GET /v1/job/web/allocations": { body: JSON.parse(waiting) as unknown } };
  const said = async (more: Answers) =>
    (await statusOf("missing-variable", "web", undefined, { ...allocations, ...more }))?.reasons.map(
      ({ message }) => message,
    );
  const why = /waits for the Vault secret "secret\/data\/web".*no vault block/;
  expect(await said({})).toContainEqual(expect.stringMatching(why));
  const held = JSON.stringify(recordedJob(recorded("missing-variable"))).replaceAll(
    /"Vault":null/g,
    '"Vault":{"Role":"web","Cluster":"default"}',
  );
  expect(held).toContain('"Role":"web"');
  expect(await said({ "GET /v1/job/web": { body: JSON.parse(held) as unknown } })).not.toContainEqual(
    expect.stringMatching(/no vault block/),
  );
});

test("a system job whose allocation failed on its one node runs 0 of 1, though a plan places another", async () => {
  const { nomad } = recorded("system-stopped-allocation");
  const text = JSON.stringify((nomad["GET /v1/job/agent/allocations"] as { readonly body: object }).body);
  const failed = text
    .replaceAll('"DesiredStatus":"stop"', '"DesiredStatus":"run"')
    .replaceAll(/"ClientStatus":"\w+"/g, '"ClientStatus":"failed"');
  const status = await statusOf("system-stopped-allocation", "agent", undefined, {
    "GET /v1/job/agent/allocations": { body: JSON.parse(failed) as unknown },
  });
  expect(status?.groups).toEqual([expect.objectContaining({ desired: 1, running: 0 })]);
});

test("what a parameterized job launched is listed, the newest first, with how each ended", async () => {
  const { children } = (await statusOf("dispatched", "load")) ?? {};
  expect(children).toMatchObject({ pending: 0, running: 0, ended: 2 });
  expect(children?.newest.map(({ state }) => state)).toEqual(["failed", "complete"]);
});

test("a server that refuses is said, and nothing is guessed", async () => {
  await expect(statusOf("wants-token", "web")).rejects.toThrow(/token/);
});

test("what is secret in the job that the server holds is hidden, though the program has it no more", async () => {
  const masking = new Masking();
  const held = { ...recordedJob(recorded("failed")), Meta: { DB_PASSWORD: "lantern-quarry-8841" } };
  await statusOf("failed", "web", masking, { "GET /v1/job/web": { body: held } });
  expect(masking.text("cannot log in with lantern-quarry-8841")).not.toContain("quarry");
});
