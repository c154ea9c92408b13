import { failDeployment } from "../../../../lib/operations";
import { recorded, recordedJob } from "../../../support/replay";
import { deploymentsOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";

test("fail ends the deployment that goes on, and says the version that Nomad goes back to", async () => {
  const { nomad: answers } = recorded("deploying");
  const [deployment] = deploymentsOf(answers);
  const failed = {
    [`PUT /v1/deployment/fail/${deployment?.ID ?? ""}`]: { body: { EvalID: "1", RevertedJobVersion: 3 } },
  };
  const wanted = [wantedOf(recordedJob(recorded("deploying")))];
  await withServer({ ...answers, ...failed }, async ({ server, ...clients }) => {
    expect(await failDeployment(wanted, { ...clients, ...quiet })).toEqual([
      { job: "web", region: "west", deployment: deployment?.ID, revertedTo: 3 },
    ]);
    expect(server.asked.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });
  await withServer(recorded("healthy").nomad, async ({ server, ...clients }) => {
    await expect(failDeployment(wanted, { ...clients, ...quiet })).rejects.toThrow(/no deployment goes on/);
    expect(server.asked.some(({ method }) => method === "PUT")).toBe(false);
  });
});
