import { NomadClient, nomadConnection } from "../../../../lib/nomad";
import { NomadManager, RuntimeFailedError, type RuntimeProgress } from "../../../../lib/pools/runtime";
import { runsNothing } from "../../../support/executor";
import { ReplayServer, type Answer, type Asked } from "../../../support/replay";

const NO_MEMORY = { NodesEvaluated: 1, NodesExhausted: 1, DimensionExhausted: { memory: 1 } };
const NO_DRIVER = { NodesEvaluated: 1, NodesFiltered: 1, ConstraintFiltered: { "missing drivers": 1 } };

function evaluation(id: number, fields: object): object {
  const of = { ID: `e${id}`, JobID: "runtime", Type: "batch", CreateIndex: id, ModifyIndex: id };
  return { ...of, Status: "complete", FailedTGAllocs: null, ...fields };
}

function allocation(state: "pending" | "running" | "dead", events: readonly string[], status: string): object {
  const Events = events.map((DisplayMessage) => ({
    Type: /^Not Restarting|^Killed/.test(DisplayMessage) ? DisplayMessage : "Driver Failure",
    Time: 1,
    DisplayMessage,
    Details: {},
    ExitCode: 0,
    FailsTask: false,
  }));
  return {
    ID: "a1",
    Name: "runtime.runtime[0]",
    EvalID: "e1",
    JobID: "runtime",
    NodeID: "n1",
    NodeName: "node-1",
    Namespace: "default",
    TaskGroup: "runtime",
    JobVersion: 0,
    ClientStatus: status,
    ClientDescription: "",
    DesiredStatus: "run",
    DesiredDescription: "",
    CreateIndex: 1,
    ModifyIndex: 1,
    CreateTime: 1,
    ModifyTime: 1,
    TaskStates: { runtime: { State: state, Failed: state === "dead", Restarts: 0, Events } },
  };
}

/** Submits a runtime job to a Nomad that answers so, and collects what is told of it. */
async function submit(
  { evaluations, allocations }: { readonly evaluations: Answer; readonly allocations: Answer },
  startTimeout: number,
) {
  // The job's id is made of random parts: whatever is asked of it is answered here.
  const server = new ReplayServer();
  await server.open();
  const nomad = new NomadClient(nomadConnection({}, server.address));
  const manager = new NomadManager({
    nomad,
    executor: runsNothing,
    timestamp: () => 1,
    execution: { kind: "raw_exec" },
  });
  const told: RuntimeProgress[] = [];
  server.set({ "PUT /v1/jobs": { body: { EvalID: "e1", JobModifyIndex: 1, Warnings: "" } } });
  server.set({ "POST /v1/jobs": { body: { EvalID: "e1", JobModifyIndex: 1, Warnings: "" } } });
  const began = performance.now();
  const { jobId } = await manager.submitRuntimeJob({
    userId: "ada",
    provider: "openai",
    command: "true",
    startTimeout,
    onProgress: (progress) => void told.push(progress),
  });
  server.set({
    [`GET /v1/job/${jobId}/evaluations`]: evaluations,
    [`GET /v1/job/${jobId}/allocations`]: allocations,
    [`GET /v1/job/${jobId}`]: {
      body: { ID: jobId, TaskGroups: [{ Name: "runtime", Tasks: [{ Driver: "raw_exec" }] }] },
    },
    [`DELETE /v1/job/${jobId}`]: { body: { EvalID: "e9" } },
  });
  const end = await manager.result(jobId).catch((error: unknown) => error);
  const took = performance.now() - began;
  await nomad.close();
  await server.close();
  return { end, told, took };
}

/** Nothing is placed: a blocking query that waits out its time, as Nomad's does. */
const nothing = async ({ query }: Asked) => {
  const first = query.get("index") === null;
  if (!first) await new Promise((later) => setTimeout(later, 400));
  return { body: [], headers: { "x-nomad-index": "5" } };
};

test("a job that no node takes, and that nothing waits to place, fails long before its time", async () => {
  const evaluations = { body: [evaluation(1, { FailedTGAllocs: { runtime: NO_DRIVER } })] };
  const { end, told, took } = await submit({ evaluations, allocations: nothing }, 60_000);
  expect(end).toBeInstanceOf(RuntimeFailedError);
  expect(end).toMatchObject({ failure: "placement", why: expect.stringContaining("no node has the driver raw_exec") });
  expect([told, took < 30_000]).toEqual([[], true]);
});

/** One node lacks it, and the scheduler leaves out the other one because it is like that. */
const ALIKE = {
  NodesEvaluated: 2,
  NodesFiltered: 2,
  ConstraintFiltered: { "missing drivers": 1, "computed class ineligible": 1 },
};

test.each([
  ["the one node", NO_DRIVER],
  ["nodes that are alike", ALIKE],
])("a job whose driver is missing on %s fails long before its time, and says what to write", async (_which, why) => {
  const blocked = [
    evaluation(2, { Status: "blocked", PreviousEval: "e1" }),
    evaluation(1, { FailedTGAllocs: { runtime: why }, BlockedEval: "e2" }),
  ];
  const { end, took } = await submit({ evaluations: { body: blocked }, allocations: nothing }, 60_000);
  expect(end).toBeInstanceOf(RuntimeFailedError);
  expect(end).toMatchObject({
    failure: "placement",
    message: expect.stringMatching(/no node has the driver raw_exec,.* RUNTIME_DRIVER, .*: docker or exec$/),
  });
  expect(took).toBeLessThan(30_000);
});

test("a job whose driver one node has, without room, waits for room", async () => {
  const some = { ...NO_DRIVER, NodesEvaluated: 2, NodesExhausted: 1, DimensionExhausted: { memory: 1 } };
  const evaluations = { body: [evaluation(2, { Status: "blocked", FailedTGAllocs: { runtime: some } })] };
  const { end } = await submit({ evaluations, allocations: nothing }, 3000);
  expect(end).toMatchObject({ message: expect.stringContaining("did not start within 3 s") });
});

test("a driver that is healthy again a moment later ends no job", async () => {
  const blocked = evaluation(2, { Status: "blocked", FailedTGAllocs: { runtime: NO_DRIVER } });
  let looks = 0;
  const evaluations = () => Promise.resolve({ body: (looks += 1) < 3 ? [blocked] : [evaluation(3, {})] });
  let asked = 0;
  const allocations = async (request: Asked) =>
    (asked += 1) < 8
      ? nothing(request)
      : { body: [allocation("running", ["Task started by client"], "running")], headers: { "x-nomad-index": "9" } };
  const { end } = await submit({ evaluations, allocations }, 60_000);
  expect(end).toMatchObject({ exitCode: 0 });
});

test("a scheduler that gave up is no reason to wait, unless another evaluation follows", async () => {
  const failed = evaluation(1, { Status: "failed", StatusDescription: "maximum attempts reached (5)" });
  const { end } = await submit({ evaluations: { body: [failed] }, allocations: nothing }, 60_000);
  expect(end).toMatchObject({ failure: "placement", why: "maximum attempts reached (5)" });
});

test("a job that waits for room says so once, keeps its time, and runs once it is placed", async () => {
  const blocked = [
    evaluation(2, { Status: "blocked", PreviousEval: "e1" }),
    evaluation(1, { FailedTGAllocs: { runtime: NO_MEMORY }, BlockedEval: "e2" }),
  ];
  const evaluations = { body: blocked };
  let asked = 0;
  const allocations = async (request: Asked) =>
    (asked += 1) < 5
      ? nothing(request)
      : { body: [allocation("running", ["Task started by client"], "running")], headers: { "x-nomad-index": "9" } };
  const { end, told } = await submit({ evaluations, allocations }, 60_000);
  expect(told).toEqual([{ waitsFor: "placement", why: "memory is exhausted on 1 node" }]);
  expect(end).toMatchObject({ exitCode: 0 });
});

test("a job that waits for room until its time is over fails with what it waited for", async () => {
  const evaluations = { body: [evaluation(2, { Status: "blocked", FailedTGAllocs: { runtime: NO_MEMORY } })] };
  const { end } = await submit({ evaluations, allocations: nothing }, 1200);
  expect(end).toMatchObject({
    failure: "placement",
    message: expect.stringMatching(/did not start within 1.2 s: no node takes it: memory is exhausted on 1 node$/),
  });
});

test("a task that fails is told by its failure, and not by what comes after it", async () => {
  const image = "Failed to pull `polydev:0.1.0`: not found";
  const events = [image, "Not Restarting", "Killed"];
  const allocations = { body: [allocation("dead", events, "failed")], headers: { "x-nomad-index": "9" } };
  const { end } = await submit({ evaluations: { body: [evaluation(1, {})] }, allocations }, 60_000);
  expect(end).toMatchObject({ failure: "task", why: image });
});
