import { setTimeout as sleep } from "node:timers/promises";
import { ConsulClient, consulConnection, NomadClient, nomadConnection, type JobJson } from "../../../../lib/nomad";
import { watchDeployment, type Outcome, type WatchOptions } from "../../../../lib/operations";
import { recorded, recordedJob, ReplayServer, type Answers, type Recorded, type Reply } from "../../../support/replay";
import { Masking } from "../../../../lib/masking";

/** Somebody looks again every few milliseconds. */
const changes = {
  next: (_job: string, signal?: AbortSignal) => sleep(5, undefined, { signal }),
  close: () => undefined,
};

interface Watching extends Partial<WatchOptions> {
  readonly answers?: Answers;
  readonly job?: string;
}

/** Watches what a recorded registration began. */
async function watch(state: string, { answers = {}, job: id = "web", ...options }: Watching = {}): Promise<Outcome> {
  const recording = recorded(state);
  // Some states were registered by the one before: then the deployment is watched that they have.
  const { body } = (recording.nomad["PUT /v1/jobs"] ?? {}) as { body?: { EvalID: string; JobModifyIndex: number } };
  const { JobModifyIndex } = recordedJob(recording, id) as { JobModifyIndex?: number };
  const registration = body ?? { EvalID: "", JobModifyIndex: JobModifyIndex ?? 0, deployment: deploymentIn(recording) };
  return watching({ ...recording.nomad, ...answers }, recordedJob(recording, id), options, registration);
}

async function watching(
  answers: Answers,
  job: JobJson,
  options: Partial<WatchOptions>,
  registration: Parameters<typeof watchDeployment>[2] = { EvalID: "7", JobModifyIndex: -1 },
): Promise<Outcome> {
  const server = await new ReplayServer(answers).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  try {
    return await watchDeployment(nomad, job, registration, {
      onChange: () => undefined,
      masking: new Masking(),
      changes,
      placementPatience: 30,
      ...options,
    });
  } finally {
    await nomad.close();
    await server.close();
  }
}

const deploymentIn = ({ nomad }: Recorded): string | undefined =>
  ((nomad["GET /v1/job/web/deployments"] as Reply).body as readonly { readonly ID: string }[])[0]?.ID;

const messages = ({ reasons }: Outcome) => reasons.map(({ message }) => message).join("; ");

test("a group that finds no node fails, with the constraint", async () => {
  const outcome = await watch("no-node-fits");
  expect([outcome.result, messages(outcome)]).toEqual(["failed", expect.stringMatching(/no node: the constraint/)]);
});

test.each([0, 1e15])("a time that is over ends it also where the time of day is set to %d meanwhile", async (date) => {
  const day = jest.spyOn(Date, "now").mockReturnValue(date);
  try {
    const begun = performance.now();
    expect((await watch("batch-running", { job: "load", until: begun + 50 })).result).toBe("timed-out");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(50);
  } finally {
    day.mockRestore();
  }
});

test("not waited for any longer, says what is waited for", async () => {
  const until = performance.now() + 20;
  const blocked = await watch("too-much-memory", { until, placementPatience: 60_000 });
  expect([blocked.result, messages(blocked)]).toEqual(["timed-out", expect.stringContaining("memory is exhausted")]);
  const waiting = await watch("missing-variable", { until: performance.now() + 20 });
  expect([waiting.result, messages(waiting)]).toEqual([
    "timed-out",
    expect.stringContaining('the Nomad variable "nomad/jobs/web"'),
  ]);
});

test("a failed task is diagnosed, with its exit code", async () => {
  const outcome = await watch("failed");
  expect([outcome.result, messages(outcome)]).toEqual(["failed", expect.stringContaining("exit code 3")]);
  expect(outcome.diagnoses.map(({ exitCode }) => exitCode)).toContain(3);
});

test("a deployment in whose place another one came says that, and nothing of what it waited for", async () => {
  const { nomad } = recorded("failed");
  const body = (endpoint: string) => (nomad[endpoint] as Reply).body;
  const deployments = (body("GET /v1/job/web/deployments") as readonly object[]).map((deployment) => ({
    ...deployment,
    Status: "cancelled",
    StatusDescription: "Cancelled due to newer version of job",
  }));
  const job = body("GET /v1/job/web") as { readonly Version: number };
  const answers = {
    "GET /v1/job/web": { body: { ...job, Version: job.Version + 1 } },
    "GET /v1/job/web/deployments": { body: deployments },
  };
  const outcome = await watch("failed", { answers });
  expect([outcome.result, outcome.reasons.map(({ message }) => message), outcome.diagnoses]).toEqual([
    "failed",
    [expect.stringContaining(`somebody else registered version ${job.Version + 1} before version ${job.Version}`)],
    [],
  ]);
});

test("a batch job is waited for, and judged by its exit code", async () => {
  expect((await watch("batch-complete", { job: "load" })).result).toBe("complete");
  const failed = await watch("batch-exits-7", { job: "load" });
  expect([failed.result, messages(failed)]).toEqual(["failed", expect.stringContaining("exit code 7")]);
  expect((await watch("batch-running", { job: "load", until: performance.now() + 20 })).result).toBe("timed-out");
  expect((await watch("batch-running", { job: "load", waitForBatch: false })).result).toBe("registered");
});

test("a system job that no node takes fails, though Nomad calls its deployment successful", async () => {
  const outcome = await watch("system-no-node", { job: "agent" });
  expect([outcome.result, messages(outcome)]).toEqual(["failed", expect.stringContaining("finds no node")]);
  const { body } = recorded("system").nomad["GET /v1/job/agent/deployments"] as Reply;
  const successful = (body as readonly object[]).map((deployment) => ({ ...deployment, Status: "successful" }));
  const answers = { "GET /v1/job/agent/deployments": { body: successful } };
  expect((await watch("system", { job: "agent", answers })).result).toBe("healthy");
});

test("a deployment that ended well is no health where less runs since than shall", async () => {
  const { nomad } = recorded("healthy");
  const allocations = (nomad["GET /v1/job/web/allocations"] as Reply).body as readonly {
    readonly TaskStates: object;
  }[];
  const [first, ...others] = allocations;
  const gone = { "GET /v1/job/web/allocations": { body: [{ ...first, ClientStatus: "pending" }, ...others] } };
  const outcome = await watch("healthy", { answers: gone, endedPatience: 30 });
  expect([outcome.result, messages(outcome)]).toEqual([
    "failed",
    expect.stringMatching(/runs 1 of 2, 1 more is starting/),
  ]);
  const back = { "GET /v1/job/web/allocations": [gone["GET /v1/job/web/allocations"], { body: allocations }] };
  expect((await watch("healthy", { answers: back })).result).toBe("healthy");
});

describe("a job without a deployment", () => {
  const state = recorded("healthy");
  const job = recordedJob(state);
  const groups = (job.TaskGroups as readonly object[]).map((group) => ({
    ...group,
    Update: { MaxParallel: 0, MinHealthyTime: 4e8, HealthyDeadline: 2e9, ProgressDeadline: 3e9 },
  }));
  const allocations = (state.nomad["GET /v1/job/web/allocations"] as Reply).body as readonly Stub[];
  const [evaluation] = (state.nomad["GET /v1/job/web/evaluations"] as Reply).body as readonly object[];
  interface Stub {
    readonly TaskStates: { readonly main: object };
  }
  const plain: Answers = {
    "GET /v1/job/web": { body: { ...job, TaskGroups: groups } },
    "GET /v1/job/web/deployments": { body: [] },
    "GET /v1/evaluation/7": { body: { ...evaluation, ID: "7", Status: "complete" } },
  };
  const registered = (answers: Answers, more: Partial<WatchOptions> = {}) =>
    watching({ ...state.nomad, ...plain, ...answers }, { ...job, TaskGroups: groups }, more);

  test("is healthy once it has run for its min_healthy_time", async () => {
    const begun = performance.now();
    const shown: string[] = [];
    const outcome = await registered({}, { onChange: ({ status }) => shown.push(status) });
    expect([outcome.result, shown.at(-1)]).toEqual(["healthy", "successful"]);
    expect(shown[0]).toBe("running");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(400);
  });

  test("is not healthy where it ends a moment after its start, or is started again and again", async () => {
    const ended = { Type: "Terminated", Time: 1.7e18, DisplayMessage: "Exit Code: 3", ExitCode: 3, Details: {} };
    const failed = allocations.map((each) => ({
      ...each,
      ClientStatus: "failed",
      TaskStates: { main: { ...each.TaskStates.main, State: "dead", Failed: true, Events: [ended] } },
    }));
    const once = await registered({ "GET /v1/job/web/allocations": [{ body: allocations }, { body: failed }] });
    expect([once.result, messages(once)]).toEqual(["failed", expect.stringContaining("exit code 3")]);
    let Restarts = 0;
    const looping = () => ({
      body: allocations.map((each) => ({
        ...each,
        TaskStates: { main: { ...each.TaskStates.main, Restarts: (Restarts += 1) } },
      })),
    });
    const again = await registered({ "GET /v1/job/web/allocations": looping }, { until: performance.now() + 900 });
    expect(again.result).toBe("timed-out");
  });
});

test.each(["failed", "complete"])(
  "why a deployment failed is said of what Nomad stopped with it (%s)",
  async (ClientStatus) => {
    const { nomad } = recorded("failed");
    const text = JSON.stringify(nomad).replaceAll('"DesiredStatus":"run"', '"DesiredStatus":"stop"');
    const stopped = JSON.parse(
      text.replaceAll('"ClientStatus":"failed"', `"ClientStatus":"${ClientStatus}"`),
    ) as Answers;
    const outcome = await watch("failed", { answers: stopped });
    expect([outcome.result, messages(outcome)]).toEqual([
      "failed",
      expect.stringMatching(
        ClientStatus === "failed" ? /ended with exit code 3/ : /did not become healthy .* and was stopped/,
      ),
    ]);
    expect(outcome.diagnoses.length > 0).toBe(ClientStatus === "failed");
  },
);

test("that a group finds no node is not shown where that passes", async () => {
  const blocked: (string | undefined)[] = [];
  const onChange: WatchOptions["onChange"] = ({ groups }) => blocked.push(...groups.map((group) => group.blocked));
  await watch("no-node-fits", { onChange, placementPatience: 10_000, until: performance.now() + 100 });
  expect(blocked).not.toContainEqual(expect.any(String));
  await watch("no-node-fits", { onChange });
  expect(blocked).toContainEqual(expect.any(String));
});

test("a canary that waits for somebody is told, unless it is waited for", async () => {
  expect((await watch("canary-waiting")).result).toBe("waiting-for-promotion");
  const through = await watch("canary-waiting", { throughPromotion: true, until: performance.now() + 20 });
  expect(through.result).toBe("timed-out");
});

test.each(["deploying", "batch-running"])(
  "a job that is purged while it is watched (%s) is an error",
  async (state) => {
    const job = state === "deploying" ? "web" : "load";
    const held = recorded(state).nomad[`GET /v1/job/${job}`] as Reply;
    const answers = { [`GET /v1/job/${job}`]: [held, held, held, held, { status: 404, body: "job not found" }] };
    await expect(watch(state, { answers, job })).rejects.toThrow(/was purged/);
  },
);

test("an allocation of a blocked evaluation that is placed meanwhile is no failure any more", async () => {
  const { nomad } = recorded("second-too-large");
  const evaluations = nomad["GET /v1/job/web/evaluations"] as Reply;
  const list = evaluations.body as readonly { readonly Status: string }[];
  expect(list.map(({ Status }) => Status)).toContain("blocked");
  const placed = list.map((evaluation) => ({ ...evaluation, Status: "complete" })).slice(0, 1);
  const answers = {
    "GET /v1/job/web/evaluations": [evaluations, { body: placed.map((one) => ({ ...one, FailedTGAllocs: null })) }],
  };
  const outcome = await watch("second-too-large", { answers, until: performance.now() + 200 });
  expect(outcome.result).toBe("timed-out");
});

test("a Consul that hangs does not hold whoever watches a deployment", async () => {
  const { nomad } = recorded("failing-check-consul");
  const deployments = nomad["GET /v1/job/web/deployments"] as Reply & { readonly body: readonly object[] };
  const ended = (Status: string) => ({ body: deployments.body.map((deployment) => ({ ...deployment, Status })) });
  const held = { "GET /v1/job/web/deployments": [...Array<Reply>(3).fill(ended("running")), ended("successful")] };
  const hanging = await new ReplayServer({
    "GET /v1/health/service/web": "hang",
    "GET /v1/agent/checks": "hang",
  }).open();
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: hanging.address }));
  const begun = Date.now();
  try {
    const outcome = await watch("failing-check-consul", { consul, answers: held });
    expect(outcome.result).toBe("healthy");
    expect(hanging.asked.length).toBeGreaterThan(0);
    // The client itself takes a server for hanging after 12 s.
    expect(Date.now() - begun).toBeLessThan(11_500);
  } finally {
    await consul.close();
    await hanging.close();
  }
});
