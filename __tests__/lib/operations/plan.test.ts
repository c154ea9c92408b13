import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Masking } from "../../../lib/masking";
import { NomadClient, nomadConnection } from "../../../lib/nomad";
import { fieldChanges, hasChanges, previewStack, readPreviewFile, readTerraformPlan } from "../../../lib/operations";
import { lacksAllocations, planJob } from "../../../lib/operations/plan/job-plan";
import { NO_UPDATES } from "../../support/plan-answers";
import { recorded, recordedJob, ReplayServer } from "../../support/replay";
import { wantedOf, withServer } from "../../support/replayed-clients";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-plan-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: unknown): string {
  const path = join(folder, "file.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("a plan of Terraform", () => {
  const change = (address: string, type: string, ...actions: string[]) => ({ address, type, change: { actions } });

  test("tells what is not shown otherwise, and what would be destroyed", async () => {
    const plan = file({
      format_version: "1.2",
      resource_changes: [
        change("nomad_job.web", "nomad_job", "update"),
        change("nomad_job.old", "nomad_job", "delete"),
        change("vault_role.web", "vault_role", "delete", "create"),
        change("null_resource.same", "null_resource", "no-op"),
        { ...change("data.nomad_job.held", "nomad_job", "read"), mode: "data" },
      ],
    });
    expect(await readTerraformPlan(plan)).toEqual([
      { address: "nomad_job.old", change: "delete" },
      { address: "vault_role.web", change: "replace" },
    ]);
  });

  test.each(["not json", "{}", "[]"])("that is none (%s) is refused, with how to write one", async (content) => {
    await expect(readTerraformPlan(file(content))).rejects.toThrow(
      /is no plan of Terraform; write one with: terraform show -json/,
    );
  });

  test("that is not there is told", async () => {
    await expect(readTerraformPlan(join(folder, "nowhere.json"))).rejects.toThrow(/cannot be read \(ENOENT\)/);
  });
});

describe("a preview that a deployment is held against", () => {
  const preview = { environment: "dev", jobs: [{ path: "dev/web", modifyIndex: 42, job: "web" }] };

  test("gives the modify indexes by path", async () => {
    expect([...(await readPreviewFile(file(preview), "dev"))]).toEqual([["dev/web", 42]]);
  });

  test("of another environment, or of nothing, is refused", async () => {
    await expect(readPreviewFile(file(preview), "prod")).rejects.toThrow(
      /is a preview of dev; write one with: cdk-nomad preview prod/,
    );
    await expect(readPreviewFile(file("nothing"), "dev")).rejects.toThrow(/is no preview/);
  });
});

describe("fields that change, in the words of HCL", () => {
  const edited = (Name: string, Old: string, New: string) => ({
    Type: "Edited" as const,
    Name,
    Old,
    New,
    Annotations: [],
  });
  const none = { Fields: [], Objects: [] };

  test("with units, the way to them, and what they bring about", () => {
    const resources = {
      Type: "Edited" as const,
      Name: "Resources",
      Fields: [edited("MemoryMB", "256", "1024")],
      Objects: [],
    };
    const task = {
      ...none,
      Type: "Edited" as const,
      Name: "server",
      Objects: [resources],
      Fields: [edited("Env[LEVEL]", "info", "debug"), edited("KillTimeout", "5000000000", "90000000000")],
      Annotations: ["forces create/destroy update"],
    };
    const group = { ...none, Type: "Edited" as const, Name: "web", Tasks: [task], Updates: {} };
    const added = { ...none, Type: "Added" as const, Name: "cache", Tasks: [], Updates: {} };
    const diff = { ...none, Type: "Edited" as const, ID: "shop", TaskGroups: [group, added] };
    const why = "forces create/destroy update";
    expect(fieldChanges(diff, new Masking())).toEqual([
      { place: 'group "web" › task "server" › env › LEVEL', before: "info", after: "debug", effect: why },
      { place: 'group "web" › task "server" › kill_timeout', before: "5s", after: "1m30s", effect: why },
      { place: 'group "web" › task "server" › resources › memory', before: "256 MiB", after: "1 GiB", effect: why },
      { place: 'group "cache"', before: undefined, after: "added" },
    ]);
  });

  test("of several lines as a diff, and secrets never", () => {
    const fields = [
      edited("Meta[notes]", "one\ntwo\nthree", "one\n2\nthree"),
      edited("Meta[api_token]", "abcdef", "ghijkl"),
    ];
    const changes = fieldChanges(
      { ...none, Type: "Edited", ID: "shop", Fields: fields, TaskGroups: [] },
      new Masking(),
    );
    expect(changes[0]?.lines?.split("\n")).toEqual(expect.arrayContaining(["-two", "+2", " one"]));
    expect(JSON.stringify(changes[1])).not.toMatch(/abcdef|ghijkl/);
  });

  test("says so where only a hidden line of a text changes", () => {
    const fields = [edited("EmbeddedTmpl", "A=1\nDB_PASS=winter-1\n", "A=1\nDB_PASS=winter-2\n")];
    const diff = { ...none, Type: "Edited" as const, ID: "shop", Fields: fields, TaskGroups: [] };
    expect(fieldChanges(diff, new Masking())[0]?.lines).toBe("(only what is hidden changes)");
  });
});

describe("a plan that Nomad refuses", () => {
  const missing = recorded("refused").nomad["POST /v1/job/other/plan?namespace=nowhere"]!;

  test.each([
    [
      "a namespace that NOMAD_NAMESPACE names",
      { NOMAD_NAMESPACE: "nowhere" },
      missing,
      /no namespace "nowhere" on Nomad/,
    ],
    [
      "an address at which something else listens",
      {},
      { status: 404, body: "Invalid URL path: not a recognized HTTP API endpoint" },
      /look at NOMAD_ADDR, whether .* is a Nomad/,
    ],
    [
      "a token that is none",
      { NOMAD_TOKEN: "abc" },
      { status: 500, body: "acl token lookup failed: index error: UUID must be 36 characters" },
      /refuses the token .*NOMAD_TOKEN/,
    ],
    [
      "a Vault that the servers do not know",
      {},
      // Measured at Nomad 1.11.3.
      { status: 500, body: `Vault "default" not enabled but used in the job` },
      /knows no Vault "default".*cdk-nomad up --vault.*take the vault block out/,
    ],
  ])("says what to write instead of %s", async (_name, env, answer, words) => {
    const server = await new ReplayServer({ "POST /v1/job/other/plan": answer }).open();
    const nomad = new NomadClient(nomadConnection({ ...env, NOMAD_ADDR: server.address }));
    try {
      await expect(planJob(nomad, { path: "dev/other", job: { ID: "other" } }, new Masking())).rejects.toThrow(words);
    } finally {
      await nomad.close();
      await server.close();
    }
  });
});

test("what is unknown with its node is told apart from what failed, and is no job without a difference", async () => {
  const { nomad: answers } = recorded("healthy");
  const job = { ...recordedJob(recorded("healthy")), TaskGroups: [{ Name: "api", Count: 2 }] };
  const counts = { Queued: 0, Complete: 0, Failed: 1, Running: 0, Starting: 0, Lost: 0, Unknown: 1 };
  const updates = {
    api: { ...NO_UPDATES, Ignore: 2 },
  };
  for (const [Type, group] of [
    ["service", { missing: 1, unknown: 1, unchanged: 0 }],
    ["system", { unknown: 1, unchanged: 1 }],
  ] as const)
    await withServer(
      {
        ...answers,
        "POST /v1/job/web/plan": {
          body: { JobModifyIndex: 10, Diff: { Type: "None", ID: "web" }, Annotations: { DesiredTGUpdates: updates } },
        },
        "GET /v1/job/web/summary": { body: { JobID: "web", Summary: { api: counts } } },
      },
      async ({ nomad, consul }) => {
        const contents = {
          objects: [wantedOf({ ...job, Type })],
          terraformOnly: [],
          declared: { owner: "cdk-nomad" as const },
          sensitive: [],
          reached: [],
        };
        const found = await previewStack("lab", contents, { nomad, consul, masking: new Masking() });
        expect(found.jobs[0]?.groups).toEqual([expect.objectContaining(group)]);
        expect(hasChanges(found)).toBe(true);
      },
    );
});

describe("a job that launches others", () => {
  // What Nomad 1.11.3 answers for a parameterized and for a periodic job, as if a launch were placed now.
  const failure = {
    NodesEvaluated: 1,
    NodesExhausted: 1,
    DimensionExhausted: { cpu: 1 },
    CoalescedFailures: 0,
    NodesFiltered: 0,
  };
  const planOf = async (kind: object, type: "None" | "Added") => {
    const { nomad: answers } = recorded("healthy");
    const body = {
      JobModifyIndex: type === "None" ? 10 : 0,
      Diff: { Type: type, ID: "web" },
      Annotations: { DesiredTGUpdates: { api: { ...NO_UPDATES, Place: 1 } } },
      FailedTGAllocs: { api: failure },
    };
    const job = { ID: "web", Name: "web", Type: "batch", TaskGroups: [{ Name: "api", Count: 1 }], ...kind };
    let plan: Awaited<ReturnType<typeof planJob>>["plan"] | undefined;
    await withServer({ ...answers, "POST /v1/job/web/plan": { body } }, async ({ nomad }) => {
      plan = (await planJob(nomad, { path: "dev/web", job }, new Masking())).plan;
    });
    return plan!;
  };

  test.each([
    ["parameterized", { ParameterizedJob: { Payload: "optional" } }],
    ["periodic", { Periodic: { Enabled: true, SpecType: "cron", Spec: "@daily" } }],
  ])("that is %s lacks no allocations where no node has room for a launch", async (_name, kind) => {
    const plan = await planOf(kind, "None");
    expect(plan).toMatchObject({ change: "none", groups: [], warnings: [] });
    expect(lacksAllocations(plan)).toBe(false);
  });

  test("creates nothing of itself, and warns where a launch would find no node", async () => {
    const plan = await planOf({ ParameterizedJob: { Payload: "optional" } }, "Added");
    expect(plan).toMatchObject({ change: "create", groups: [] });
    expect(plan.warnings).toEqual([
      expect.stringMatching(/^what it launches would find no node for group "api" now: cpu is exhausted on 1 node/),
    ]);
  });

  test("that was dispatched is a job that runs itself", async () => {
    const plan = await planOf({ ParameterizedJob: { Payload: "optional" }, Dispatched: true }, "None");
    expect(lacksAllocations(plan)).toBe(true);
  });
});
