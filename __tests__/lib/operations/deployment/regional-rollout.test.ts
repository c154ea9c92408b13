import { deploy, type StackObject } from "../../../../lib/operations";
import { recorded, recordedJob, type Answers } from "../../../support/replay";
import { deploymentsOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";

test("a rollout that fails in one region takes back what the others got", async () => {
  const { nomad: healthy } = recorded("healthy");
  const job = recordedJob(recorded("healthy"));
  const plan = {
    body: { Diff: { Type: "Added", ID: "web" }, Annotations: { DesiredTGUpdates: {} }, JobModifyIndex: 0 },
  };
  // The recorded group says that it does not; as in a server, it is the group that counts.
  const groups = (job.TaskGroups as readonly object[]).map((group) => ({ ...group, Update: { AutoRevert: true } }));
  const rollout = (wave: number) => ({ id: "all", wave, onFailure: "fail_all" });
  const regional = (Region: string, wave: number): StackObject => ({
    ...wantedOf({ ...job, TaskGroups: groups, Region }, { rollout: rollout(wave) }),
    path: `lab/${Region}`,
    after: wave === 0 ? [] : ["lab/west"],
  });
  const [newest] = deploymentsOf(healthy);
  const index = Number(job.JobModifyIndex);
  const fails = [{ ...newest, Status: "failed", StatusDescription: "Failed due to progress deadline" }];
  const answers: Answers = {
    ...healthy,
    "POST /v1/job/web/plan": plan,
    "PUT /v1/jobs": { body: { EvalID: "", JobModifyIndex: 10 } },
    "GET /v1/job/web/versions?diffs=true": {
      body: {
        Versions: [
          { ID: "web", Version: 2 },
          { ID: "web", Version: 1 },
        ],
        Diffs: null,
      },
    },
    "PUT /v1/job/web/revert": { body: { EvalID: "", JobModifyIndex: 20 } },
    "PUT /v1/jobs?region=east": { body: { EvalID: "1", JobModifyIndex: index } },
    "GET /v1/job/web/deployments?region=east": { body: fails.map((one) => ({ ...one, JobModifyIndex: index })) },
  };
  await withServer(answers, async ({ server, ...clients }) => {
    const outcomes = await deploy([regional("west", 0), regional("east", 1)], { ...clients, ...quiet });
    expect(outcomes.map(({ path, result, reasons }) => [path, result, reasons.at(0)?.message])).toEqual([
      ["lab/west", "failed", "the rollout failed in east; back at version 1"],
      ["lab/east", "failed", expect.stringContaining("Failed due to progress deadline")],
    ]);
    expect(server.count("PUT /v1/job/web/revert")).toBe(1);
  });
});
