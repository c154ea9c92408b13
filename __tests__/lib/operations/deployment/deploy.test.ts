import { ConsulClient, consulConnection, NomadClient, nomadConnection, type JobJson } from "../../../../lib/nomad";
import { deploy, type DeployOptions, type JobOutcome, type StackObject } from "../../../../lib/operations";
import { QUIET_STREAM, recorded, recordedJob, ReplayServer, type Answers, type Reply } from "../../../support/replay";
import { Masking } from "../../../../lib/masking";

const wantedOf = (job: JobJson, source?: string): StackObject => ({
  kind: "job",
  path: `lab/${job.ID}`,
  job,
  source,
  after: [],
});

/** Deploys jobs to a server that answers as it did once. */
async function deployTo(
  answers: Answers,
  wanted: readonly StackObject[],
  options: Partial<DeployOptions> = {},
): Promise<{ readonly outcomes: readonly JobOutcome[]; readonly server: ReplayServer }> {
  const server = await new ReplayServer({ "GET /v1/event/stream": QUIET_STREAM, ...answers }).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: server.address }));
  try {
    const handlers = { onStep: () => undefined, onChange: () => undefined, masking: new Masking() };
    return { outcomes: await deploy(wanted, { nomad, consul, ...handlers, ...options }), server };
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
    await server.close();
  }
}

const state = (name: string, id = "web") => {
  const recording = recorded(name);
  return { answers: recording.nomad, job: recordedJob(recording, id) };
};
const bodyOf = (answers: Answers, endpoint: string) => (answers[endpoint] as Reply).body as Record<string, unknown>;
const reasons = ({ reasons: all }: JobOutcome) => all.map(({ message }) => message).join("; ");

/** What a plan says where nothing would change. */
const SAME = {
  Diff: { Type: "None", ID: "web" },
  Annotations: { DesiredTGUpdates: {} },
  FailedTGAllocs: null,
  Warnings: "",
};

describe("a job that does not change", () => {
  test("is unchanged only where it runs", async () => {
    const { answers, job } = state("healthy");
    const { JobModifyIndex } = job as { JobModifyIndex?: number };
    const same = { ...answers, "POST /v1/job/web/plan": { body: { ...SAME, JobModifyIndex } } };
    const { outcomes } = await deployTo(same, [wantedOf(job)]);
    expect(outcomes.map(({ result }) => result)).toEqual(["unchanged"]);
  });

  test.each([
    ["failed", "web", /the deployment of version 0 failed.*exit code 3/],
    ["batch-exits-7", "load", /exit code 7/],
    ["system-no-node", "agent", /finds no node/],
  ])("fails where it does not (%s), says why, and registers nothing", async (name, id, why) => {
    const { answers, job } = state(name, id);
    const plan = { body: { ...SAME, JobModifyIndex: 10 } };
    const { outcomes, server } = await deployTo({ ...answers, [`POST /v1/job/${id}/plan`]: plan }, [wantedOf(job)]);
    expect(outcomes.map((outcome) => [outcome.result, outcome.untouched, reasons(outcome)])).toEqual([
      ["failed", true, expect.stringMatching(why)],
    ]);
    expect(server.count("PUT /v1/jobs")).toBe(0);
  });

  test("that failed holds up what is deployed after it, and that is said", async () => {
    const { answers, job } = state("failed");
    const plan = { body: { ...SAME, JobModifyIndex: 10 } };
    const wanted = wantedOf(job);
    const behind = { ...wantedOf({ ...job, ID: "behind" }), after: [wanted.path] };
    const last = { ...wantedOf({ ...job, ID: "last" }), after: [behind.path] };
    const plans = { "POST /v1/job/web/plan": plan, "POST /v1/job/behind/plan": plan, "POST /v1/job/last/plan": plan };
    const { outcomes, server } = await deployTo({ ...answers, ...plans }, [wanted, behind, last]);
    expect(outcomes.map(({ job: { ID }, result }) => [ID, result])).toEqual([
      ["web", "failed"],
      ["behind", "skipped"],
      ["last", "skipped"],
    ]);
    expect(outcomes.slice(1).map(reasons)).toEqual([
      expect.stringContaining("deployed after lab/web, which did not get healthy"),
      expect.stringContaining("deployed after lab/behind, which did not get healthy"),
    ]);
    expect(server.count("PUT /v1/jobs")).toBe(0);
  });

  test("--force says what to do where a deployment of which something failed goes on", async () => {
    const { answers, job } = state("failed");
    const lists = Object.fromEntries(
      Object.entries(answers).flatMap(([endpoint, answer]) =>
        endpoint.endsWith("/deployments")
          ? [
              [
                endpoint,
                {
                  body: (bodyOf(answers, endpoint) as unknown as object[]).map((one) => ({
                    ...one,
                    Status: "running",
                  })),
                },
              ],
            ]
          : [[endpoint, answer]],
      ),
    ) as Answers;
    const same = { ...lists, "POST /v1/job/web/plan": { body: { ...SAME, JobModifyIndex: 10 } } };
    const watched = await deployTo(same, [wantedOf(job)]);
    const forced = await deployTo(same, [wantedOf(job)], { force: true });
    expect([watched, forced].map(({ outcomes }) => outcomes.map(({ result }) => result))).toEqual([
      ["failed"],
      ["failed"],
    ]);
    expect(watched.outcomes.map(reasons)).toEqual([expect.not.stringContaining("cdk-nomad fail")]);
    expect(forced.outcomes.map(reasons)).toEqual([
      expect.stringMatching(/exit code 3.*still goes on.*cdk-nomad fail ENV --job web, then deploy with --force/),
    ]);
    expect(forced.server.count("PUT /v1/jobs")).toBe(0);
  });

  test("--force never starts what somebody stopped, before or meanwhile", async () => {
    const { answers, job } = state("stopped");
    const changed = {
      ...SAME,
      Diff: { Type: "Edited", ID: "web", Fields: [{ Type: "Edited", Name: "Stop", Old: "true", New: "false" }] },
    };
    const stopped = await deployTo(
      { ...answers, "POST /v1/job/web/plan": { body: { ...changed, JobModifyIndex: 20 } } },
      [wantedOf({ ...job, Stop: false })],
      { force: true },
    );
    expect(stopped.outcomes.map((outcome) => [outcome.result, reasons(outcome)])).toEqual([
      ["failed", expect.stringMatching(/somebody stopped it.*without --force/)],
    ]);
    expect(stopped.server.count("PUT /v1/jobs")).toBe(0);

    const failed = state("failed");
    const conflict = {
      status: 500,
      body: "Enforcing job modify index 10: job exists with conflicting job modify index: 99",
    };
    const meanwhile = {
      ...failed.answers,
      "POST /v1/job/web/plan": { body: { ...SAME, JobModifyIndex: 10 } },
      "POST /v1/job/web/evaluate": { body: { EvalID: "1", JobModifyIndex: 10 } },
      "PUT /v1/jobs": conflict,
    };
    await expect(deployTo(meanwhile, [wantedOf(failed.job)], { force: true })).rejects.toThrow(
      /changed by somebody else/,
    );
  });
});

test("the source that Terraform's provider would submit is registered with the job", async () => {
  const { answers, job } = state("healthy");
  const created = { ...SAME, Diff: { Type: "Added", ID: "web" }, JobModifyIndex: 0 };
  const bodies: unknown[] = [];
  await deployTo(
    {
      ...answers,
      "POST /v1/job/web/plan": { body: created },
      "PUT /v1/jobs": ({ body }) => {
        bodies.push(body);
        return { body: { EvalID: "1", JobModifyIndex: 10 } };
      },
    },
    [wantedOf(job, '{"Job":{"ID":"web"}}')],
    { detach: true },
  );
  expect(bodies).toEqual([
    expect.objectContaining({
      EnforceIndex: true,
      JobModifyIndex: 0,
      Submission: { Source: '{"Job":{"ID":"web"}}', Format: "json" },
    }),
  ]);
});

describe("a registration that took back what somebody else registered in the same moment", () => {
  test("is said, and so is what failed of the other jobs", async () => {
    const { answers, job } = state("healthy");
    const created = { body: { ...SAME, Diff: { Type: "Added", ID: "web" }, JobModifyIndex: 0 } };
    const plans = { "POST /v1/job/web/plan": created, "POST /v1/job/behind/plan": created };
    const version = (index: number, release: string) => ({
      ...{ ...job, Version: index, Meta: { release }, Stable: false },
      ...{ JobModifyIndex: index, ModifyIndex: index },
    });
    const { outcomes } = await deployTo(
      {
        ...answers,
        ...plans,
        "GET /v1/job/web/versions": { body: { Versions: [version(12, "ours"), version(11, "theirs")] } },
        "PUT /v1/jobs": ({ body }) => ({
          body: { EvalID: "1", JobModifyIndex: (body as { Job: JobJson }).Job.ID === "web" ? 12 : 20 },
        }),
      },
      [wantedOf(job), wantedOf({ ...job, ID: "behind" })],
      { detach: true },
    );
    expect(outcomes.map(({ job: { ID }, result }) => [ID, result])).toEqual([
      ["web", "failed"],
      ["behind", "detached"],
    ]);
    expect(outcomes.map(reasons)).toEqual([expect.stringMatching(/at the very moment.*took that change back/), ""]);
  });
});

describe("a count that an autoscaler owns", () => {
  const group = (Count: number) => ({ Name: "api", Count, Scaling: { Enabled: true, Min: 1, Max: 9 } });
  const held = (Count: number, JobModifyIndex: number, more: object = {}) => ({
    body: { ID: "web", Type: "service", JobModifyIndex, Version: JobModifyIndex, TaskGroups: [group(Count)], ...more },
  });
  const wanted = [wantedOf({ ID: "web", Type: "service", TaskGroups: [group(1)] })];
  const plan = (JobModifyIndex: number) => ({
    body: {
      ...SAME,
      Diff: { Type: "Edited", ID: "web", Fields: [{ Type: "Edited", Name: "Priority", Old: "1", New: "2" }] },
      JobModifyIndex,
    },
  });
  const countOf = (body: unknown) => {
    const { Job, JobModifyIndex } = body as { Job: { TaskGroups: { Count: number }[] }; JobModifyIndex: number };
    return [Job.TaskGroups[0]?.Count, JobModifyIndex];
  };

  test("is planned again where it moved between the look and the plan", async () => {
    const registered: unknown[] = [];
    await deployTo(
      {
        "GET /v1/job/web": [held(2, 10), held(5, 20)],
        "POST /v1/job/web/plan": plan(20),
        "PUT /v1/jobs": ({ body }) => (registered.push(countOf(body)), { body: { EvalID: "1", JobModifyIndex: 30 } }),
        "GET /v1/job/web/versions": { body: { Versions: [held(5, 30).body, held(5, 20).body], Diffs: null } },
      },
      wanted,
      { detach: true },
    );
    expect(registered).toEqual([[5, 20]]);
  });

  test("is registered as it is now where it moved between the plan and the registration", async () => {
    const registered: unknown[] = [];
    await deployTo(
      {
        "GET /v1/job/web": held(2, 10),
        "POST /v1/job/web/plan": plan(10),
        "PUT /v1/jobs": ({ body }) => {
          registered.push(countOf(body));
          return registered.length === 1
            ? { status: 500, body: "Enforcing job modify index 10: job exists with conflicting job modify index: 20" }
            : { body: { EvalID: "1", JobModifyIndex: 30 } };
        },
        "GET /v1/job/web/versions": [
          { body: { Versions: [held(7, 20).body, held(2, 10).body], Diffs: null } },
          { body: { Versions: [held(7, 30).body, held(7, 20).body, held(2, 10).body], Diffs: null } },
        ],
      },
      wanted,
      { detach: true },
    );
    expect(registered).toEqual([
      [2, 10],
      [7, 20],
    ]);
  });

  test("is never a reason to overwrite what else was changed", async () => {
    const answers = {
      "GET /v1/job/web": held(2, 10),
      "POST /v1/job/web/plan": plan(10),
      "PUT /v1/jobs": {
        status: 500,
        body: "Enforcing job modify index 10: job exists with conflicting job modify index: 20",
      },
      "GET /v1/job/web/versions": { body: { Versions: [held(7, 20, { Priority: 99 }).body], Diffs: null } },
    };
    await expect(deployTo(answers, wanted, { detach: true })).rejects.toThrow(/changed by somebody else/);
  });

  test("may move between a preview and the deployment that holds it; what else moved is said", async () => {
    const answers = (now: object) => ({
      "GET /v1/job/web": held(7, 20, now),
      "POST /v1/job/web/plan": plan(20),
      "PUT /v1/jobs": { body: { EvalID: "1", JobModifyIndex: 30 } },
      "GET /v1/job/web/versions": {
        body: { Versions: [held(7, 30).body, held(7, 20, now).body, held(2, 10).body], Diffs: null },
      },
    });
    const previewed = { detach: true, expected: new Map([["lab/web", 10]]) };
    const { outcomes } = await deployTo(answers({}), wanted, previewed);
    expect(outcomes.map(({ result }) => result)).toEqual(["detached"]);
    await expect(deployTo(answers({ Priority: 99 }), wanted, previewed)).rejects.toThrow(/changed by somebody else/);
  });

  test("that moves all the time is said", async () => {
    let index = 10;
    const answers = { "GET /v1/job/web": () => held(2, (index += 10)), "POST /v1/job/web/plan": plan(1) };
    await expect(deployTo(answers, wanted, { detach: true })).rejects.toThrow(/changes all the time/);
  });
});

test.each([
  ["a refused token", { status: 403, body: "Permission denied" }, /token/],
  ["a refused job", { status: 400, body: "job is wrong" }, /wrong/],
])(
  "%s ends all jobs with that cause, also those that watch or wait for an answer that never comes",
  async (_, reply, why) => {
    const { answers, job } = state("deploying");
    const created = { body: { ...SAME, Diff: { Type: "Added", ID: "web" }, JobModifyIndex: 0 } };
    const troubles: string[] = [];
    const all: Answers = {
      ...answers,
      "POST /v1/job/web/plan": created,
      "POST /v1/job/other/plan": created,
      "POST /v1/job/hangs/plan": created,
      "PUT /v1/jobs": async ({ body }) => {
        const { ID } = (body as { Job: { ID: string } }).Job;
        if (ID === "web") return { body: bodyOf(answers, "PUT /v1/jobs") };
        if (ID === "hangs") return "hang";
        await new Promise((resolve) => setTimeout(resolve, 300));
        return reply;
      },
    };
    const wanted = [job, { ...job, ID: "other" }, { ...job, ID: "hangs" }].map((one) => wantedOf(one));
    const begun = Date.now();
    await expect(deployTo(all, wanted, { onTrouble: (text) => troubles.push(text) })).rejects.toThrow(why);
    expect(troubles).toEqual([]);
    // Far below the two minutes that a server without an answer is waited for.
    expect(Date.now() - begun).toBeLessThan(45_000);
  },
);
