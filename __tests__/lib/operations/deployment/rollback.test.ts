import { rollback, stableVersionBefore } from "../../../../lib/operations";
import { recorded, recordedJob, type Answers } from "../../../support/replay";
import { bodyOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";

test("rollback goes back for the version that runs, and refuses one that is not there", async () => {
  const recording = recorded("rolled-back");
  const wanted = [wantedOf(recordedJob(recording))];
  await withServer(recording.nomad, async ({ server, ...clients }) => {
    const [outcome] = await rollback(wanted, { ...clients, ...quiet, to: 0, detach: true });
    expect(outcome?.result).toBe("detached");
    const [revert] = server.asked.filter(({ method }) => method === "PUT");
    const [current] = (
      bodyOf(recording.nomad, "GET /v1/job/web/versions?diffs=true") as { Versions: { Version: number }[] }
    ).Versions;
    expect(revert?.body).toEqual({ JobID: "web", JobVersion: 0, EnforcePriorVersion: current?.Version });
    await expect(rollback(wanted, { ...clients, ...quiet, to: 99 })).rejects.toThrow(/has no version 99/);
  });
});

/** Nomad 1.11.3, as measured: a version that somebody scaled is said to be stable as the one before it, and its own deployment was cancelled. */
const SCALED: Answers = {
  "GET /v1/job/web/versions?diffs=false": {
    body: {
      Versions: [
        { ID: "web", Version: 4, Stable: true, JobModifyIndex: 14 },
        { ID: "web", Version: 3, Stable: true, JobModifyIndex: 13 },
        { ID: "web", Version: 2, Stable: true, JobModifyIndex: 12 },
      ],
      Diffs: null,
    },
  },
  "GET /v1/job/web/deployments": {
    body: [
      { ID: "d4", JobID: "web", JobVersion: 4, JobModifyIndex: 14, CreateIndex: 24, Status: "failed" },
      { ID: "d3", JobID: "web", JobVersion: 3, JobModifyIndex: 13, CreateIndex: 23, Status: "cancelled" },
    ],
  },
};

test("a version that was scaled by hand and never became healthy is not gone back to", async () => {
  const answers = { ...SCALED, "GET /v1/job/web/versions": SCALED["GET /v1/job/web/versions?diffs=false"]! };
  await withServer(answers, async ({ nomad }) => {
    expect(await stableVersionBefore({ ID: "web" }, { nomad, failed: 4 })).toBe(2);
  });
  const revert = { body: { EvalID: "e", JobModifyIndex: 15 } };
  await withServer({ ...answers, "PUT /v1/job/web/revert": revert }, async ({ server, ...clients }) => {
    await rollback([wantedOf({ ID: "web", TaskGroups: [] })], { ...clients, ...quiet, detach: true });
    const [sent] = server.asked.filter(({ method }) => method === "PUT");
    expect(sent?.body).toMatchObject({ JobVersion: 2 });
  });
});

test.each<[string, readonly (readonly [number, boolean])[], number | undefined]>([
  [
    "the newest before the failed one that was healthy",
    [
      [4, false],
      [3, false],
      [2, true],
      [1, true],
    ],
    2,
  ],
  [
    "none, where none before it was healthy",
    [
      [4, false],
      [3, false],
    ],
    undefined,
  ],
  ["none, where there was none before", [[4, false]], undefined],
  [
    "none, where another version is registered by now, as after auto_revert",
    [
      [5, false],
      [4, false],
      [3, true],
    ],
    undefined,
  ],
  [
    "none, where what is registered was healthy",
    [
      [4, true],
      [3, true],
    ],
    undefined,
  ],
  ["none, where the job is gone", [], undefined],
])("a job whose version 4 failed goes back to %s", async (_, versions, expected) => {
  const job = { ID: "web" };
  const held = versions.map(([Version, Stable]) => ({ ...job, Version, Stable, JobModifyIndex: Version + 10 }));
  const answers: Answers =
    held.length === 0
      ? {}
      : {
          "GET /v1/job/web/versions": { body: { Versions: held, Diffs: null } },
          "GET /v1/job/web/deployments": { body: [] },
        };
  await withServer(answers, async ({ nomad }) => {
    expect(await stableVersionBefore(job, { nomad, failed: 4 })).toBe(expected);
  });
});
