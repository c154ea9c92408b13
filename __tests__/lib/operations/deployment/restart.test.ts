import { setTimeout as sleep } from "node:timers/promises";
import { restart } from "../../../../lib/operations";
import { recorded, recordedJob, type Answers } from "../../../support/replay";
import { bodyOf, deploymentsOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";

describe("restart", () => {
  const recording = recorded("healthy");
  const job = recordedJob(recording);
  const list = bodyOf(recording.nomad, "GET /v1/job/web/allocations") as readonly {
    readonly ID: string;
    readonly TaskStates: Readonly<Record<string, object>>;
  }[];

  /** The allocations once those with the given ids were restarted. */
  const after = (restarted: readonly string[], failed: boolean) =>
    list.map((allocation) => {
      if (!restarted.includes(allocation.ID)) return allocation;
      const states = Object.entries(allocation.TaskStates).map(([name, task]) => [
        name,
        { ...task, Restarts: 1, Failed: failed },
      ]);
      return { ...allocation, TaskStates: Object.fromEntries(states), ...(failed ? { ClientStatus: "failed" } : {}) };
    });

  const held = {
    ...job,
    TaskGroups: [{ Name: "api", Count: 2, Update: { MaxParallel: 1, MinHealthyTime: 20e6, HealthyDeadline: 2e9 } }],
  };

  async function restarted(failed: boolean) {
    const order: string[] = [];
    const puts = list.map(({ ID }) => [
      `PUT /v1/client/allocation/${ID}/restart`,
      async () => {
        await sleep(5);
        order.push(ID);
        return { body: { Index: 7 } };
      },
    ]);
    const answers: Answers = {
      ...recording.nomad,
      "GET /v1/job/web": { body: held },
      "GET /v1/job/web/allocations": () => ({ body: after(order, failed) }),
      ...(Object.fromEntries(puts) as Answers),
    };
    return withServer(answers, async ({ server: _, ...clients }) => ({
      jobs: await restart([wantedOf(job)], { ...clients, ...quiet, interval: 5 }),
      order,
    }));
  }

  test("goes wave by wave until all is healthy again", async () => {
    const { jobs, order } = await restarted(false);
    expect(jobs).toEqual([expect.objectContaining({ result: "restarted", restarted: 2, running: 2 })]);
    expect(order).toHaveLength(2);
  });

  test("stops at the first wave that does not become healthy", async () => {
    const { jobs, order } = await restarted(true);
    expect(jobs).toEqual([expect.objectContaining({ result: "failed", restarted: 0 })]);
    expect(order).toHaveLength(1);
  });

  test.each(["running", "paused", "pending", "blocked", "a word of a newer Nomad"])(
    "waits for the end of a deployment that is %s: nothing is restarted",
    async (Status) => {
      const [deployment] = deploymentsOf(recording.nomad);
      const answers = {
        ...recording.nomad,
        "GET /v1/job/web": { body: held },
        "GET /v1/job/web/deployments": { body: [{ ...deployment, Status }] },
      };
      await withServer(answers, async ({ server, ...clients }) => {
        const [outcome] = await restart([wantedOf(job)], { ...clients, ...quiet, interval: 5 });
        expect([outcome?.result, outcome?.reasons[0]?.kind]).toEqual(["failed", "deployment"]);
        expect(server.asked.filter(({ method }) => method !== "GET")).toEqual([]);
      });
    },
  );

  test("is not for batch jobs: said, and a mistake where one is named", async () => {
    const batch = recorded("batch-running");
    const wanted = [wantedOf(recordedJob(batch, "load"))];
    await withServer(batch.nomad, async ({ server: _, ...clients }) => {
      const [skipped] = await restart(wanted, { ...clients, ...quiet });
      expect([skipped?.result, skipped?.reasons[0]?.message]).toEqual([
        "skipped",
        expect.stringContaining("batch job"),
      ]);
      await expect(restart(wanted, { ...clients, ...quiet, job: "load" })).rejects.toThrow(/batch job/);
    });
  });
});
