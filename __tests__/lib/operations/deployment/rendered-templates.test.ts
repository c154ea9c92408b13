import { RenderedTemplates, type ConsulChange, type RenderedJob } from "../../../../lib/operations";
import { bodyOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";
import { recorded, recordedJob, type Answers } from "../../../support/replay";

const STATE = recorded("healthy");
const ALLOCATIONS = "GET /v1/job/web/allocations";
interface Allocation {
  readonly ClientStatus: string;
  readonly TaskStates: { readonly main: { readonly Events: readonly { readonly Time: number }[] } };
}
const allocations = bodyOf(STATE.nomad, ALLOCATIONS) as readonly Allocation[];

/** The allocations with something that happened to their tasks, as Nomad 1.11 says it. */
const after = (events: readonly object[], task: object = {}, more: object = {}) =>
  allocations.map((each) => {
    const { main } = each.TaskStates;
    const time = Math.max(...main.Events.map(({ Time }) => Time));
    const Events = [...main.Events, ...events.map((event, index) => ({ Time: time + 1e6 * (1 + index), ...event }))];
    return { ...each, ...more, TaskStates: { main: { ...main, ...task, Events } } };
  });
const RESTARTED = [
  { Type: "Restart Signaled", DisplayMessage: "Template with change_mode restart re-rendered", Details: {} },
  { Type: "Started", DisplayMessage: "Task started by client", Details: {} },
];
const change = (effect: string, more: object = {}): ConsulChange => ({
  path: "lab/keys",
  kind: "key",
  name: "app/a",
  change: "update",
  modifyIndex: 1,
  fields: [],
  readers: [
    { job: "web", path: "lab/web", group: "api", task: "main", effect, certainty: "reads", within: 100, ...more },
  ],
});
const UPDATE = { MinHealthyTime: 1e8, HealthyDeadline: 2e9 };

/** What became of the job after its keys were written. */
async function settled(
  changes: readonly ConsulChange[],
  then: readonly Answers[],
  { written = true, update = UPDATE, ...more }: { written?: boolean; update?: object; until?: number } = {},
): Promise<readonly RenderedJob[]> {
  return withServer({ ...STATE.nomad, ...STATE.consul }, async ({ nomad, consul, server }) => {
    const job = { ...recordedJob(STATE), Update: update };
    const groups = (job as { TaskGroups?: object[] }).TaskGroups ?? [];
    const wanted = wantedOf({ ...job, TaskGroups: groups.map((group) => ({ ...group, Update: update })) });
    const options = { ...quiet, nomad, consul, slack: 200, ...more };
    const templates = await RenderedTemplates.before(changes, [wanted], options);
    if (written) templates.written();
    for (const answers of then) server.set(answers);
    return templates.settled();
  });
}
const lists = (body: unknown): Answers => ({ [ALLOCATIONS]: { body } });
const told = ([found]: readonly RenderedJob[]) => [
  found?.result,
  (found?.reasons ?? []).map(({ message }) => message).join("; "),
];

test("a job whose tasks were restarted, and that runs again, is healthy with its changed templates", async () => {
  expect(told(await settled([change("restart")], [lists(after(RESTARTED, { Restarts: 1 }))]))).toEqual([
    "restarted",
    "",
  ]);
});

test("a signal and a script count as well", async () => {
  for (const event of [
    { Type: "Signaling", DisplayMessage: "Template re-rendered", Details: { task_signal: "hangup" } },
    {
      Type: "Task hook message",
      DisplayMessage: "Template successfully ran script /bin/true with arguments: []. Exit code: 0",
    },
  ])
    expect((await settled([change("signal")], [lists(after([event]))]))[0]?.result).toBe("restarted");
});

test("a job that fails once it was restarted failed, with the exit code", async () => {
  const ended = { Type: "Terminated", DisplayMessage: "Exit Code: 3", ExitCode: 3, Details: {} };
  const failed = after([...RESTARTED, ended], { State: "dead", Failed: true }, { ClientStatus: "failed" });
  expect(told(await settled([change("restart")], [lists(failed)]))).toEqual([
    "failed",
    expect.stringMatching(/ended with exit code 3/),
  ]);
});

test("a script that fails is said, though all runs on", async () => {
  const message = "Template ran script /bin/false with arguments [] on change but it exited with code: 1";
  const found = await settled(
    [change("script")],
    [lists(after([{ Type: "Task hook failed", DisplayMessage: message }]))],
  );
  expect(told(found)).toEqual(["failed", expect.stringContaining(message)]);
});

test("tasks that are started again and again are not healthy, and that ends in time", async () => {
  let restarts = 1;
  const looping = () => ({ body: after(RESTARTED, { Restarts: (restarts += 1) }) });
  expect((await settled([change("restart")], [{ [ALLOCATIONS]: looping }]))[0]?.result).toBe("failed");
  expect(
    (await settled([change("restart")], [{ [ALLOCATIONS]: looping }], { until: performance.now() + 300 }))[0]?.result,
  ).toBe("timed-out");
});

test("where nothing was done with a job in time, its templates have the same text", async () => {
  expect(told(await settled([change("restart")], []))).toEqual(["same", ""]);
});

test("nobody waits where nothing was written, nothing reads, or nothing restarts", async () => {
  expect(await settled([change("restart")], [], { written: false })).toEqual([]);
  expect(await settled([{ ...change("restart"), readers: [] }], [])).toEqual([]);
  expect(await settled([change("noop"), change("keeps")], [])).toEqual([]);
});

test("a job that is gone is no job that is healthy", async () => {
  expect(
    told(await settled([change("restart")], [{ "GET /v1/job/web": { status: 404, body: "job not found" } }])),
  ).toEqual(["failed", "web is gone"]);
});
