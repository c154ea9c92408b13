import { deploy, stackStatus, type JobOutcome } from "../../../../lib/operations";
import type { JobStatus } from "../../../../lib/operations";
import type { JobJson } from "../../../../lib/nomad";
import { bodyOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";
import { recorded, recordedJob, type Answers, type Reply } from "../../../support/replay";

/** A deployment of the job went well, everything runs, and its service answers nothing. */
const down = (kind: "nomad" | "consul") => {
  const state = recorded(`service-down-${kind}`);
  return { answers: { ...state.nomad, ...state.consul } as Answers, job: recordedJob(state) };
};

const statusOf = (answers: Answers): Promise<JobStatus | undefined> =>
  withServer(answers, async ({ nomad, consul }) => {
    const [status] = await stackStatus([wantedOf({ ID: "web" })], {
      nomad,
      consul,
      patience: 0,
      masking: quiet.masking,
    });
    return status;
  });
const told = (status: JobStatus | undefined) => [
  status?.state,
  (status?.reasons ?? []).map(({ message }) => message).join("; "),
];

const INSTANCES = "GET /v1/health/service/web-api";

/** The answers with other words for the checks that Consul has, of the service's own agent too. */
function checked(answers: Answers, change: (check: object, index: number) => object): Answers {
  const instances = bodyOf(answers, INSTANCES) as readonly { readonly Checks: readonly object[] }[];
  return {
    ...answers,
    [INSTANCES]: { body: instances.map((each) => ({ ...each, Checks: each.Checks.map(change) })) },
    "GET /v1/agent/checks": { body: {} },
  };
}

/** The job with something else in the checks of its service. */
function withCheck(answers: Answers, more: object): Answers {
  const text = JSON.stringify(bodyOf(answers, "GET /v1/job/web"));
  const job = JSON.parse(text, (key, value: unknown) =>
    key === "Checks" && Array.isArray(value) ? value.map((check: object) => ({ ...check, ...more })) : value,
  ) as object;
  return { ...answers, "GET /v1/job/web": { body: job } };
}

test.each(["nomad", "consul"] as const)(
  "a job whose service in %s does not answer is degraded, with the check and what it answered",
  async (kind) => {
    const [state, why] = told(await statusOf(down(kind).answers));
    expect(state).toBe("degraded");
    expect(why).toMatch(/check "answers" of service "web-api" is (critical|failure): .*\/health/);
  },
);

test("a job is healthy with checks that pass or warn, and degraded where its node is critical", async () => {
  const { answers } = down("consul");
  for (const Status of ["passing", "warning"])
    expect(told(await statusOf(checked(answers, (check) => ({ ...check, Status }))))).toEqual(["healthy", ""]);
  const ofNode = checked(answers, (check) => ({
    ...check,
    Status: (check as { readonly ServiceID?: string }).ServiceID === "" ? "critical" : "passing",
  }));
  expect(told(await statusOf(ofNode))).toEqual(["degraded", expect.stringMatching(/of node .* is critical/)]);
});

test("a check that updates ignore may fail, as long as another instance passes", async () => {
  const { answers } = down("consul");
  const alone = withCheck(answers, { OnUpdate: "ignore" });
  expect((await statusOf(alone))?.state).toBe("degraded");
  const allocations = bodyOf(answers, "GET /v1/job/web/allocations") as readonly { readonly ID: string }[];
  const text = JSON.stringify([allocations, bodyOf(answers, INSTANCES)]);
  const [other, instances] = JSON.parse(text.replaceAll(allocations[0]?.ID ?? "", "beside")) as [object[], object[]];
  const passing = JSON.parse(JSON.stringify(instances), (key, value: unknown) =>
    key === "Status" ? "passing" : value,
  ) as object[];
  const two: Answers = {
    ...alone,
    "GET /v1/job/web/allocations": { body: [...allocations, ...other] },
    "GET /v1/agent/checks": { body: {} },
    [INSTANCES]: { body: [...(bodyOf(answers, INSTANCES) as object[]), ...passing] },
  };
  expect((await statusOf(two))?.state).toBe("healthy");
  expect((await statusOf({ ...two, "GET /v1/job/web": answers["GET /v1/job/web"] as Reply }))?.state).toBe("degraded");
});

test("what runs and is registered nowhere is degraded, once it is looked for again", async () => {
  const { answers } = down("consul");
  const well = checked(answers, (check) => ({ ...check, Status: "passing" }));
  const absent = { ...well, [INSTANCES]: { body: [] } };
  expect(told(await statusOf(absent))).toEqual(["degraded", expect.stringMatching(/is not registered in Consul/)]);
  const later: Answers = { ...well, [INSTANCES]: [{ body: [] }, well[INSTANCES] as Reply] };
  expect(told(await statusOf(later))).toEqual(["healthy", ""]);
});

test("a name that the node makes is found by the allocation", async () => {
  const { answers } = down("consul");
  const text = JSON.stringify(answers["GET /v1/job/web"]).replaceAll(/"web-api"/g, '"web-${node.unique.name}"');
  const named = { ...answers, "GET /v1/job/web": JSON.parse(text) as Reply };
  expect(told(await statusOf(named))).toEqual(["degraded", expect.stringMatching(/check "answers" .* is critical/)]);
});

test.each<[string, Answers]>([
  ["answers nothing", { [INSTANCES]: "reset" }],
  ["refuses the token", { [INSTANCES]: { status: 403, body: "Permission denied" } }],
  [
    "leaves something out that the token may not read",
    { [INSTANCES]: { headers: { "X-Consul-Results-Filtered-By-ACLs": "true" }, body: [] } },
  ],
  ["answers something else", { [INSTANCES]: { body: [{ Service: 7 }] } }],
])("where Consul %s, it is unknown whether a job is healthy", async (_, more) => {
  const [state, why] = told(await statusOf({ ...down("consul").answers, ...more }));
  expect([state, why]).toEqual([
    "unknown",
    expect.stringMatching(/whether service "web-api" .* answers is not known: ./),
  ]);
});

test("where a node does not say what its checks answer, it is unknown too, and so while they have not been run", async () => {
  const { answers } = down("nomad");
  const [endpoint] = Object.keys(answers).filter((key) => /client\/allocation\/.*\/checks/.test(key));
  const refused = { ...answers, [endpoint ?? ""]: { status: 500, body: "No path to node" } };
  expect(told(await statusOf(refused))).toEqual(["unknown", expect.stringMatching(/No path to node/)]);
  const text = JSON.stringify(answers[endpoint ?? ""]).replaceAll('"failure"', '"pending"');
  const pending = { ...answers, [endpoint ?? ""]: JSON.parse(text) as Reply };
  expect(told(await statusOf(pending))).toEqual(["unknown", expect.stringMatching(/is pending/)]);
});

/** What becomes of a job that is registered as it shall be. */
const deployed = (answers: Answers, job: JobJson, more: object = {}): Promise<JobOutcome | undefined> =>
  withServer(answers, async ({ nomad, consul }) => {
    const [outcome] = await deploy([wantedOf(job)], { ...quiet, nomad, consul, ...more });
    return outcome;
  });
const PLANNED = {
  body: { JobModifyIndex: 10, Diff: { Type: "None", ID: "web" }, Annotations: { DesiredTGUpdates: {} } },
};

test.each([false, true])(
  "a job that does not change and does not answer is not as it was; force: %s",
  async (force) => {
    const { answers, job } = down("consul");
    const planned: Answers = { ...answers, "POST /v1/job/web/plan": PLANNED };
    const outcome = await deployed(planned, job, { force, until: performance.now() + 500 });
    expect([outcome?.result, outcome?.untouched, outcome?.reasons.map(({ kind }) => kind)]).toEqual([
      "failed",
      true,
      ["check"],
    ]);
  },
);

test("where Consul cannot be asked, a job that does not change is as it was, with what is not known", async () => {
  const { answers, job } = down("consul");
  const outcome = await deployed({ ...answers, [INSTANCES]: "reset", "POST /v1/job/web/plan": PLANNED }, job);
  expect([outcome?.result, outcome?.reasons.map(({ kind }) => kind)]).toEqual(["unchanged", ["unknown"]]);
});
