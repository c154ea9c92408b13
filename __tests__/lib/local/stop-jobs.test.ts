import { SILENT } from "../../../lib/local";
import { stopJobs } from "../../../lib/local/stop-jobs";
import { ReplayServer } from "../../support/replay";

const job = (Namespace: string) => ({ ID: "web", Namespace, Status: "running", Type: "service" });

test("jobs of every namespace are stopped, each in its own, and forgotten once the scheduler is done with them", async () => {
  const nomad = new ReplayServer({
    "GET /v1/jobs?namespace=*": { body: ["default", "apps"].map(job) },
    "GET /v1/allocations?namespace=*": { body: [] },
    "DELETE /v1/job/web": { body: { EvalID: "stops-web", JobModifyIndex: 1 } },
    "GET /v1/evaluation/stops-web": {
      body: {
        ID: "stops-web",
        Namespace: "default",
        JobID: "web",
        Type: "service",
        TriggeredBy: "job-deregister",
        Status: "complete",
        CreateIndex: 9,
        ModifyIndex: 9,
      },
    },
    "GET /v1/job/web": { body: { ...job("default"), Stop: true } },
  });
  await nomad.open();
  try {
    await stopJobs(nomad.address, undefined, SILENT);
    const asked = nomad.asked.map(({ method, path, query }) => [
      method,
      path,
      query.get("namespace"),
      query.get("purge"),
    ]);
    const deleted = asked.filter(([method]) => method === "DELETE");
    expect(deleted.map(([, , namespace, purge]) => [namespace, purge])).toEqual([
      ["default", "false"],
      ["apps", "false"],
      ["default", "true"],
      ["apps", "true"],
    ]);
    // A Nomad 1.11 that is told to forget a job while it still places its allocations ends with it.
    const methods = asked.map(([method, path]) => `${method} ${path}`);
    expect(methods.lastIndexOf("DELETE /v1/job/web")).toBeGreaterThan(methods.indexOf("GET /v1/evaluation/stops-web"));
  } finally {
    await nomad.close();
  }
});
