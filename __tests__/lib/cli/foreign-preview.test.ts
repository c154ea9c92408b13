import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReplayServer, type Asked } from "../../support/replay";
import { cli } from "../../support/run-cli";

// Long texts and many requests take their time on a machine that does other things too.

/** Jobs and keys that hostile files may name, and that a server is asked about. */
const nomad = new ReplayServer();
const consul = new ReplayServer();
let folder: string;
beforeAll(async () => {
  await Promise.all([nomad.open(), consul.open()]);
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-foreign-preview-"));
  // The base branch's project; its program would fail.
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ language: "typescript", app: "exit 3" }));
});
beforeEach(() => {
  nomad.asked.length = 0;
  consul.asked.length = 0;
});
afterAll(async () => {
  await Promise.all([nomad.close(), consul.close()]);
  rmSync(folder, { recursive: true });
});

const job = (id: string, more: object = {}) => ({ ID: id, Name: id, Datacenters: ["*"], TaskGroups: [], ...more });
const stackOf = (jobs: readonly object[], more: object = {}) => ({
  resource: {
    nomad_job: Object.fromEntries(jobs.map((each, at) => [`j${at}`, { jobspec: JSON.stringify({ Job: each }) }])),
  },
  ...more,
});

/** Nomad's answer to a plan: fields of the job, from what runs to what is asked for. */
function planned(...fields: readonly { name: string; old: string; new: string }[]) {
  return ({ body }: Asked) => {
    const { Job: own } = body as { Job: { ID: string } };
    const Fields = fields.map(({ name, old, new: after }) => ({
      Type: "Edited",
      Name: name,
      Old: old,
      New: after,
      Annotations: null,
    }));
    const Diff = { Type: fields.length === 0 ? "None" : "Edited", ID: own.ID, Fields, Objects: null, TaskGroups: null };
    const rest = {
      Annotations: { DesiredTGUpdates: {} },
      FailedTGAllocs: null,
      NextPeriodicLaunch: null,
      Warnings: "",
    };
    return { body: { ...rest, JobModifyIndex: 7, Diff, Index: 0, CreatedEvals: null } };
  };
}

async function preview(stack: unknown, ...args: readonly string[]) {
  const synthesized = join(folder, "synthesized");
  mkdirSync(join(synthesized, "stacks/dev"), { recursive: true });
  writeFileSync(join(synthesized, "stacks/dev/cdk.tf.json"), JSON.stringify(stack));
  const env = {
    NOMAD_ADDR: nomad.address,
    CONSUL_HTTP_ADDR: consul.address,
    TF_VAR_password: "planted-in-the-environment",
    NO_COLOR: "1",
  };
  const said = await cli(
    ["preview", "--adopt", "--synthesized", "synthesized", "--format", "markdown", ...args, "--", "dev"],
    {
      cwd: folder,
      env,
    },
  );
  expect(said.stdout + said.stderr).not.toMatch(/planted|\n\s+at .*:\d+:\d+/);
  return { ...said, asked: nomad.asked.length + consul.asked.length };
}

test("a pull request's files are previewed, and its program is not run", async () => {
  nomad.set({ "POST /v1/job/web/plan": planned({ name: "Priority", old: "50", new: "60" }) });
  const said = await preview(stackOf([job("web")]));
  expect([said.code, said.stdout]).toEqual([2, expect.stringMatching(/1 job to update[^]*50 → 60/)]);
  // Beside it only records are read, which say what the stack brought before, and in which region jobs are that name none.
  const asked = nomad.asked.map(({ method, path }) => `${method} ${path}`);
  expect(
    asked.filter((each) => !/^GET \/v1\/(vars?(\/cdk-nomad\/stacks\/|$)|agent\/self$|regions$)/.test(each)),
  ).toEqual(["POST /v1/job/web/plan", "GET /v1/job/web/versions"]);
});

test.each([
  ["10,000 jobs", stackOf(Array.from({ length: 10_000 }, (_, index) => job(`n${index}`)))],
  ["a job of 2 MB", stackOf([job("web", { Meta: { big: "x".repeat(2 ** 21) } })])],
  ["a million allocations", stackOf([job("web", { TaskGroups: [{ Name: "g", Count: 1_000_000 }] })])],
  ["every key of Consul", { resource: { consul_key_prefix: { k: { path_prefix: "", subkeys: {} } } } }],
  ["another shape", { resource: { nomad_job: [] } }],
])("of %s nothing is asked of a cluster", async (_what, stack) => {
  expect(await preview(stack)).toMatchObject({ code: 1, stdout: "", asked: 0 });
});

test("as many jobs as are taken are asked for once each, and the comment is as long as GitHub takes", async () => {
  const ids = Array.from({ length: 500 }, (_, index) => `n${index}`);
  const answer = planned({ name: "Region", old: "a".repeat(300), new: "b".repeat(300) });
  nomad.set(Object.fromEntries(ids.map((id) => [`POST /v1/job/${id}/plan`, answer])));
  const said = await preview(stackOf(ids.map((id) => job(id))));
  expect([said.code, nomad.asked.filter(({ method }) => method === "POST").length]).toEqual([2, 500]);
  expect(said.stdout.length).toBeLessThanOrEqual(65_537);
  expect(said.stdout).toContain("500 jobs to update");
});

test("texts that differ in every line are not compared line by line for ever", async () => {
  const lines = (factor: number) =>
    Array.from({ length: 40_000 }, (_, index) => `l${(index * factor) % 17}`).join("\n");
  nomad.set({ "POST /v1/job/web/plan": planned({ name: "Datacenters", old: lines(7), new: lines(5) }) });
  const said = await preview(stackOf([job("web")]));
  expect([said.code, said.stdout]).toEqual([2, expect.stringMatching(/-40000 lines\n\+40000 others/)]);
});

test.each([
  ["${var.password}", "(the value of password)", "swordfish-planted"],
  ["shop:${var.password}@db", "shop:(the value of password)@db", "shop:swordfish-planted@db"],
  ["a=1\n${var.password}\nb=2", "a=1\n(the value of password)\nb=2", "a=1\nswordfish-planted\nb=2"],
])(
  "in %j a sensitive variable's value is neither used nor shown, and not what it was before",
  async (note, sent, old) => {
    nomad.set({
      "POST /v1/job/web/plan": ({ body }) => planned({ name: "Meta[note]", old, new: noteOf(body) })({ body } as Asked),
    });
    const variable = { password: { type: "string", sensitive: true } };
    const stack = stackOf([job("web", { Meta: { note } })], { variable });
    const said = await preview(stack, "--var", "password=planted-by-hand");
    expect([said.code, noteOf(nomad.asked[0]?.body)]).toEqual([2, sent]);
    expect(said.stderr).toMatch(/values of variables that are not known here: password;/);
    expect(said.stdout).toContain("••••••");
  },
);

function noteOf(body: unknown): string {
  return (body as { Job: { Meta: { note: string } } }).Job.Meta.note;
}
