import { SILENT } from "../../../lib/local";
import { stopJobs } from "../../../lib/local/stop-jobs";
import { ReplayServer } from "../../support/replay";

test("jobs of every namespace are stopped, each in its own", async () => {
  const nomad = new ReplayServer({
    "GET /v1/jobs?namespace=*": {
      body: ["default", "apps"].map((Namespace) => ({ ID: "web", Namespace, Status: "running", Type: "service" })),
    },
    "GET /v1/allocations?namespace=*": { body: [] },
    "DELETE /v1/job/web": { body: { EvalID: "", JobModifyIndex: 1 } },
  });
  await nomad.open();
  try {
    await stopJobs(nomad.address, undefined, SILENT);
    const deleted = nomad.asked.filter(({ method }) => method === "DELETE");
    expect(deleted.map(({ query }) => query.get("namespace"))).toEqual(["default", "apps"]);
  } finally {
    await nomad.close();
  }
});
