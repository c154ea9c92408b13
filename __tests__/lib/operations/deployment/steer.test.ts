import { setTimeout as sleep } from "node:timers/promises";
import { ConsulClient, consulConnection, NomadClient, nomadConnection, type JobJson } from "../../../../lib/nomad";
import {
  deploy,
  failDeployment,
  promote,
  restart,
  rollback,
  watchStack,
  type Wanted,
} from "../../../../lib/operations";
import { QUIET_STREAM, recorded, recordedJob, ReplayServer, type Answers, type Reply } from "../../../support/replay";
import { Masking } from "../../../../lib/masking";

type Clients = { readonly nomad: NomadClient; readonly consul: ConsulClient; readonly server: ReplayServer };

/** Asks a server that answers as one did in a state. */
async function withServer<T>(answers: Answers, run: (clients: Clients) => Promise<T>): Promise<T> {
  const server = await new ReplayServer({ "GET /v1/event/stream": QUIET_STREAM, ...answers }).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: server.address }));
  try {
    return await run({ nomad, consul, server });
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
    await server.close();
  }
}

const quiet = { onStep: () => undefined, onChange: () => undefined, masking: new Masking() };
const wantedOf = (job: JobJson, more: object = {}): Wanted => ({
  kind: "job",
  path: `lab/${job.ID}`,
  job,
  after: [],
  ...more,
});
const bodyOf = (answers: Answers, endpoint: string) => (answers[endpoint] as Reply).body;
const deploymentsOf = (answers: Answers) =>
  bodyOf(answers, "GET /v1/job/web/deployments") as readonly { readonly ID: string; readonly Status: string }[];

describe("promote", () => {
  const { nomad: answers } = recorded("canary-waiting");
  const deployment = deploymentsOf(answers).find(({ Status }) => Status === "running");
  const wanted = [wantedOf(recordedJob(recorded("canary-waiting")))];

  test("promotes canaries that are healthy, once, and watches until all is", async () => {
    const successful = deploymentsOf(answers).map((one) => ({ ...one, Status: "successful" }));
    await withServer(answers, async ({ server, ...clients }) => {
      const promoted = `PUT /v1/deployment/promote/${deployment?.ID ?? ""}`;
      server.set({
        [promoted]: () => {
          server.set({ "GET /v1/job/web/deployments": { body: successful } });
          return { body: { EvalID: "1" } };
        },
      });
      const outcomes = await promote(wanted, { ...clients, ...quiet });
      expect(outcomes.map(({ result }) => result)).toEqual(["healthy"]);
      expect(server.count(promoted)).toBe(1);
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

test("a rollout that fails in one region takes back what the others got", async () => {
  const { nomad: healthy } = recorded("healthy");
  const job = recordedJob(recorded("healthy"));
  const plan = {
    body: { Diff: { Type: "Added", ID: "web" }, Annotations: { DesiredTGUpdates: {} }, JobModifyIndex: 0 },
  };
  // The recorded group says that it does not; as in a server, it is the group that counts.
  const groups = (job.TaskGroups as readonly object[]).map((group) => ({ ...group, Update: { AutoRevert: true } }));
  const rollout = (wave: number) => ({ id: "all", wave, onFailure: "fail_all" });
  const regional = (Region: string, wave: number): Wanted => ({
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
