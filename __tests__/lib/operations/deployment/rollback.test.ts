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
    held.length === 0 ? {} : { "GET /v1/job/web/versions": { body: { Versions: held, Diffs: null } } };
  await withServer(answers, async ({ nomad }) => {
    expect(await stableVersionBefore(job, { nomad, failed: 4 })).toBe(expected);
  });
});
