import { rollback } from "../../../../lib/operations";
import { recorded, recordedJob } from "../../../support/replay";
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
