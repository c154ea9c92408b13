import { promote } from "../../../../lib/operations";
import { ANSWERED, startedAgain, withTasks } from "../../../support/relapsed";
import { recorded, recordedJob } from "../../../support/replay";
import { bodyOf, deploymentsOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";

describe("promote", () => {
  const { nomad: answers } = recorded("canary-waiting");
  const deployment = deploymentsOf(answers).find(({ Status }) => Status === "running");
  const wanted = [wantedOf(recordedJob(recorded("canary-waiting")))];

  test("promotes canaries that are healthy, once, and watches until all is", async () => {
    const successful = deploymentsOf(answers).map((one) => ({ ...one, Status: "successful" }));
    const { Version: version } = recordedJob(recorded("canary-waiting"));
    const promotedAllocations = (bodyOf(answers, "GET /v1/job/web/allocations") as readonly object[]).map((one) => ({
      ...one,
      JobVersion: version,
    }));
    await withServer(answers, async ({ server, ...clients }) => {
      const promoted = `PUT /v1/deployment/promote/${deployment?.ID ?? ""}`;
      server.set({
        [promoted]: () => {
          server.set({
            "GET /v1/job/web/deployments": { body: successful },
            "GET /v1/job/web/allocations": { body: promotedAllocations },
          });
          return { body: { EvalID: "1" } };
        },
      });
      const outcomes = await promote(wanted, { ...clients, ...quiet });
      expect(outcomes.map(({ result }) => result)).toEqual(["healthy"]);
      expect(server.count(promoted)).toBe(1);
    });
  });

  test("refuses a canary that ended since Nomad found it healthy, also where it runs at this very moment", async () => {
    const all = bodyOf(answers, "GET /v1/job/web/allocations");
    const relapsed = { headers: ANSWERED, body: withTasks(all, startedAgain({ age: 1 })) };
    const more = { [`GET /v1/deployment/allocations/${deployment?.ID ?? ""}`]: relapsed };
    await withServer({ ...answers, ...more }, async ({ server, ...clients }) => {
      await expect(promote(wanted, { ...clients, ...quiet })).rejects.toThrow(
        /exit code 4, was started again.*--when-healthy/,
      );
      expect(server.asked.some(({ method }) => method === "PUT")).toBe(false);
    });
  });

  test("refuses where no deployment waits, and where a canary is not healthy", async () => {
    const healthy = recorded("healthy");
    await withServer(healthy.nomad, async ({ server: _, ...clients }) => {
      const none = promote([wantedOf(recordedJob(healthy))], { ...clients, ...quiet });
      await expect(none).rejects.toThrow(/no deployment has canaries/);
    });
    const unhealthy = JSON.parse(
      JSON.stringify(deploymentsOf(answers)).replaceAll(/"HealthyAllocs":\d+/g, '"HealthyAllocs":0'),
    ) as unknown;
    await withServer(
      { ...answers, "GET /v1/job/web/deployments": { body: unhealthy } },
      async ({ server, ...clients }) => {
        await expect(promote(wanted, { ...clients, ...quiet })).rejects.toThrow(/not every canary is healthy/);
        expect(server.asked.some(({ method }) => method === "PUT")).toBe(false);
      },
    );
  });
});
