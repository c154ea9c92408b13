import { watchStack } from "../../../../lib/operations";
import { recorded, recordedJob, type Answers } from "../../../support/replay";
import { bodyOf, deploymentsOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";

test("watchStack waits for the deployment of a version about which the scheduler has not decided yet", async () => {
  const { nomad: answers } = recorded("deploying");
  const wanted = [wantedOf(recordedJob(recorded("deploying")))];
  const evaluations = bodyOf(answers, "GET /v1/job/web/evaluations") as readonly object[];
  const successful = deploymentsOf(answers).map((one) => ({ ...one, Status: "successful" }));
  let asked = 0;
  const late: Answers = {
    ...answers,
    "GET /v1/job/web": { body: { ...(bodyOf(answers, "GET /v1/job/web") as object), SubmitTime: 0 } },
    "GET /v1/job/web/evaluations": () => {
      asked += 1;
      return { body: evaluations.map((one) => ({ ...one, Status: asked < 3 ? "pending" : "complete" })) };
    },
    "GET /v1/job/web/deployments": () => ({ body: asked < 3 ? [] : asked < 4 ? deploymentsOf(answers) : successful }),
  };
  await withServer(late, async ({ server, ...clients }) => {
    const until = performance.now() + 500;
    const outcomes = await watchStack(wanted, { ...clients, ...quiet, until });
    expect(outcomes).toHaveLength(1);
    expect(server.count("GET /v1/job/web/evaluations")).toBeGreaterThanOrEqual(3);
  });
});

test("watchStack waits for batch jobs that go on, unless nobody wants that", async () => {
  const recording = recorded("batch-running");
  const wanted = [wantedOf(recordedJob(recording, "load"))];
  await withServer(recording.nomad, async ({ server: _, ...clients }) => {
    const until = performance.now() + 50;
    const outcomes = await watchStack(wanted, { ...clients, ...quiet, until });
    expect(outcomes.map(({ result }) => result)).toEqual(["timed-out"]);
    expect(await watchStack(wanted, { ...clients, ...quiet, waitForBatch: false })).toEqual([]);
  });
});
