import { NomadClient, nomadConnection, type JobJson } from "../../../../lib/nomad";
import {
  findStrays,
  foreignJobs,
  JobNames,
  judgeRemains,
  refuseOthersJobs,
  type Owners,
  type StackObject,
} from "../../../../lib/operations";
import type { RecordedInConsul, RecordedJob, StackRecord } from "../../../../lib/stack-record";
import { wantedOf, withServer } from "../../../support/replayed-clients";
import type { Answers } from "../../../support/replay";

const record = (environment: string, jobs: readonly RecordedJob[], more: Partial<StackRecord> = {}): StackRecord => ({
  project: "shop",
  environment,
  owner: "cdk-nomad",
  variables: {},
  defaults: {},
  environmentVariables: {},
  jobs,
  consul: [],
  former: { jobs: [], consul: [] },
  ...more,
});
const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);
const named = (...all: readonly string[]) => all.map((id) => ({ id }));
const AGENT: Answers = { "GET /v1/agent/self": { body: { config: { Region: "global" } } } };
const POOL = { Meta: { pool: "warm-pool-openai" } };

/** A cluster that holds these jobs. */
const holding = (...jobs: readonly (Partial<JobJson> & { readonly ID: string })[]): Answers =>
  Object.fromEntries(jobs.map((job) => [`GET /v1/job/${job.ID}`, { body: { Type: "service", ...job } }]));

async function strays(
  known: readonly RecordedJob[],
  held: Answers,
  options: {
    readonly program?: readonly JobJson[];
    readonly others?: readonly StackRecord[];
    readonly leased?: string;
  } = {},
) {
  const { program = [{ ID: "web" }], others: otherStacks = [], leased } = options;
  return withServer({ ...AGENT, ...held }, async ({ nomad }) =>
    findStrays(known, {
      nomad,
      contents: { objects: program.map((job) => wantedOf(job)) },
      owners: { otherStacks, names: await JobNames.at(nomad) },
      leased: () => Promise.resolve(leased),
    }),
  );
}

describe("strays", () => {
  test("are jobs that the record has, the program has not, and that run", async () => {
    const found = await strays(
      named("web", "old", "stopped", "gone"),
      holding({ ID: "old" }, { ID: "stopped", Stop: true }),
    );
    expect([ids(found.strays), ids(found.gone), found.kept]).toEqual([["old"], ["stopped", "gone"], []]);
  });

  test("are no jobs that a deployment stopped, unless they run again", async () => {
    const known = [{ id: "old", stopped: true as const }];
    expect(await strays(known, holding({ ID: "old", Stop: true }))).toEqual({ strays: [], kept: [], gone: [] });
    expect(ids((await strays(known, {})).gone)).toEqual(["old"]);
    expect(ids((await strays(known, holding({ ID: "old" }))).strays)).toEqual(["old"]);
  });

  test("are never what another job launched, nor an older generation of a pool that the program has", async () => {
    const held = holding(
      { ID: "reports%2Fperiodic-1", ParentID: "reports" },
      { ID: "warm-pool-openai-00000001", ...POOL },
    );
    const program = [{ ID: "warm-pool-openai-00000002", ...POOL }];
    const known = named("reports/periodic-1", "warm-pool-openai-00000001");
    expect(await strays(known, held, { program })).toEqual({ strays: [], kept: [], gone: [] });
  });

  test("of a pool that the program has no longer stay as long as somebody leases it, or that is not known", async () => {
    const known = named("warm-pool-openai-00000001");
    const held = holding({ ID: "warm-pool-openai-00000001", ...POOL });
    expect((await strays(known, held, { leased: "2 leases go on" })).kept).toMatchObject([
      { reason: "2 leases go on" },
    ]);
    expect((await strays(known, held)).strays).toEqual([{ id: known[0]?.id, pool: "warm-pool-openai" }]);
  });

  test("are no jobs that another stack has by now", async () => {
    const found = await strays(named("moved"), holding({ ID: "moved" }), {
      others: [record("staging", named("moved"))],
    });
    expect([found.strays, ids(found.gone)]).toEqual([[], ["moved"]]);
  });

  test("are told from jobs of the same id in another namespace", async () => {
    const known = [{ id: "web", namespace: "old" }];
    const program = [{ ID: "web", Namespace: "new" }];
    expect(ids((await strays(known, holding({ ID: "web" }), { program })).strays)).toEqual(["web"]);
    expect((await strays([{ id: "web", namespace: "default" }], {}, { program: [{ ID: "web" }] })).strays).toEqual([]);
  });

  test.each([
    ["says its region", [{ id: "web" }], { ID: "web", Region: "global" }],
    ["says its region no longer", [{ id: "web", region: "global" }], { ID: "web" }],
    ["says its namespace", [{ id: "web" }], { ID: "web", Namespace: "default" }],
  ] as const)("are no jobs of which the program only %s", async (_what, known, job) => {
    const held = holding({ ID: "web", Region: "global", Namespace: "default" });
    // A token may not ask for the region, of which there are several.
    const unknown: Answers = {
      "GET /v1/agent/self": { status: 403, body: "Permission denied" },
      "GET /v1/regions": { body: ["eu", "global"] },
    };
    for (const agent of [AGENT, unknown])
      expect(await strays(known, { ...held, ...agent }, { program: [job] })).toEqual({
        strays: [],
        kept: [],
        gone: known,
      });
  });

  test("are told from jobs of the same id in another region", async () => {
    const held = holding({ ID: "web", Region: "global", Namespace: "default" });
    const known = [{ id: "web", region: "eu" }];
    expect(ids((await strays(known, held, { program: [{ ID: "web", Region: "us" }] })).gone)).toEqual(["web"]);
    expect(
      ids(
        (
          await strays(
            known,
            { ...held, "GET /v1/job/web?region=us": { body: { ID: "web", Region: "us", Namespace: "default" } } },
            { program: [{ ID: "web", Region: "us" }] },
          )
        ).strays,
      ),
    ).toEqual(["web"]);
  });

  test("of which Nomad does not tell stay, with its reason", async () => {
    const found = await strays(named("old"), { "GET /v1/job/old": { status: 403, body: "Permission denied" } });
    expect([found.strays, found.gone, found.kept]).toMatchObject([[], [], [{ id: "old" }]]);
  });
});

describe("strays are stopped unasked only", () => {
  const before = record("dev", named("a", "b", "c", "d"), {
    variables: { level: "info" },
    environmentVariables: { BIN: null },
    consul: ["a/", "b/", "c/"].map((name) => ({ kind: "keys", name })),
  });
  const same = { variables: { level: "info" }, environmentVariables: { BIN: null } };

  const names = new JobNames("global", "default");
  const judge = (
    gone: readonly string[],
    now: Pick<StackRecord, "variables" | "environmentVariables">,
    more: { asBefore?: readonly StackObject[]; leftovers?: readonly RecordedInConsul[]; kept?: readonly string[] } = {},
  ) =>
    judgeRemains(
      { strays: named(...gone), kept: named(...(more.kept ?? [])), leftovers: more.leftovers ?? [] },
      { before, now, names, ...(more.asBefore ? { asBefore: { objects: more.asBefore } } : {}) },
    );
  const reasons = (all: readonly { readonly reason?: string }[]) => all.map(({ reason }) => reason);

  test("where the program came out of the same", () => {
    expect(reasons(judge(["d"], same).strays)).toEqual([undefined]);
    expect(reasons(judge(["c", "d"], same).strays)).toEqual([undefined, undefined]);
  });

  test.each([
    ["a variable is another", { ...same, variables: { level: "warn" } }, /the variable level/],
    ["a variable is new", { ...same, variables: { level: "info", more: "1" } }, /the variable more/],
    [
      "the environment variables are others",
      { ...same, environmentVariables: { BIN: "/opt" } },
      /other environment variables.*BIN/,
    ],
  ])("and not where %s", (_what, now, reason) => {
    expect(reasons(judge(["d"], now).strays)).toEqual([expect.stringMatching(reason)]);
  });

  test("and where the program does not have them with what it was run with the last time either", () => {
    const now = { ...same, variables: { level: "warn" } };
    const asBefore = ["a", "b", "c"].map((ID) => wantedOf({ ID }));
    expect(reasons(judge(["c", "d"], now, { asBefore }).strays)).toEqual([
      "the program has it with what it was run with the last time (the variable level)",
      undefined,
    ]);
  });

  test("and what is in Consul never, with the reason that tells most", () => {
    const leftovers = [{ kind: "keys", name: "a/" }];
    const unproven = [expect.stringMatching(/^nothing but the record says that this stack made it/)];
    expect(reasons(judge([], same, { leftovers }).leftovers)).toEqual(unproven);
    expect(reasons(judge(["d"], same, { leftovers }).leftovers)).toEqual(unproven);
    const warn = { ...same, variables: { level: "warn" } };
    expect(reasons(judge([], warn, { leftovers }).leftovers)).toEqual([expect.stringMatching(/the variable level/)]);
    const asBefore: readonly StackObject[] = [{ kind: "keys", path: "p", prefix: "b/", values: {}, after: [] }];
    expect(reasons(judge([], warn, { leftovers, asBefore }).leftovers)).toEqual(unproven);
    expect(
      reasons(judge([], same, { leftovers: ["a/", "b/"].map((name) => ({ kind: "keys", name })) }).leftovers),
    ).toEqual(Array(2).fill("2 of the 3 things of the stack in Consul would go"));
    expect(reasons(judge([], same, { leftovers, kept: ["pool"] }).leftovers)).toEqual([
      "pool runs on, and may need it",
    ]);
    expect(reasons(judge(["b", "c", "d"], same, { leftovers }).leftovers)).toEqual([
      "3 of the 4 jobs of the stack would go",
    ]);
  });

  test("and not where more than half of the stack would go", () => {
    expect(reasons(judge(["b", "c", "d"], same).strays)).toEqual(
      Array(3).fill("3 of the 4 jobs of the stack would go"),
    );
  });
});

describe("a job of the program that is there already", () => {
  const nomad = new NomadClient(nomadConnection({ NOMAD_REGION: "global" }));
  afterAll(() => nomad.close());
  const NONE = { own: { kind: "none" }, otherStacks: [], unread: [] } as const;
  const plan = (change: "create" | "update" | "none") => ({
    plan: { job: "web", path: "dev/web", change, modifyIndex: 1, groups: [], fields: [], warnings: [] },
    job: { ID: "web" },
  });
  const judge = async (
    change: "create" | "update" | "none",
    owners: Omit<Owners, "names">,
    more: { adopt?: boolean; held?: Answers } = {},
  ) =>
    withServer(more.held ?? holding({ ID: "web" }), async (clients) => {
      const taken: string[] = [];
      const options = {
        ...clients,
        owners: { ...owners, names: await JobNames.at(nomad) },
        project: "shop",
        adopt: more.adopt ?? false,
        onTaken: (text: string) => void taken.push(text),
      };
      try {
        await refuseOthersJobs([plan(change)], options);
        return taken.join();
      } catch (error) {
        return (error as Error).message;
      }
    });
  const own: Omit<Owners, "names"> = {
    ...NONE,
    own: { kind: "found", record: record("dev", named("web")), store: "consul" },
  };
  const staging: Omit<Owners, "names"> = { ...NONE, otherStacks: [record("staging", named("web"))] };
  const elsewhere: Omit<Owners, "names"> = {
    ...NONE,
    otherStacks: [{ ...record("dev", named("web")), project: "bank" }],
  };

  test.each([
    ["is the stack's own", "update", own, ""],
    ["is not there", "create", staging, ""],
    [
      "may be anybody's, where the record cannot be read",
      "update",
      { ...NONE, own: { kind: "unreadable", reason: "no" } },
      "",
    ],
  ] as const)("%s: nothing is said", async (_what, change, owners, said) => {
    expect(await judge(change, owners)).toBe(said);
  });

  test.each([
    [
      "another stack's, though the own record cannot be read",
      { ...staging, own: { kind: "unreadable", reason: "no" } },
    ],
    [
      "nobody's, where only the store that the stack does not use cannot be read",
      { ...NONE, own: { kind: "unreadable", reason: "no", elsewhere: true } },
    ],
  ] as const)("is refused where it is %s", async (_what, owners) => {
    expect(await judge("update", owners)).toMatch(/--adopt/);
  });

  test("that no record names is taken over as it is, with one line", async () => {
    expect(await judge("none", NONE)).toMatch(/^web is there already, as the program says/);
    expect(await judge("update", NONE, { held: holding({ ID: "web", Stop: true }) })).toMatch(
      /stopped, and is this stack's/,
    );
  });

  test("and is another one wants --adopt", async () => {
    expect(await judge("update", NONE)).toMatch(/as far as any record tells.*--adopt/);
    expect(await judge("update", NONE, { adopt: true })).toMatch(/is taken over/);
  });

  test("that is another stack's wants --adopt, however much it is alike", async () => {
    expect(await judge("none", staging)).toMatch(
      /is a job of staging.*--adopt.*is left of that one: cdk-nomad destroy staging/,
    );
    // By its name alone, a stack of another project would be this one.
    expect(await judge("update", elsewhere)).toMatch(
      /is a job of dev of the project bank.*--adopt.*in a folder of that project: cdk-nomad destroy dev/,
    );
    expect(await judge("none", staging, { adopt: true })).toMatch(/is taken over/);
  });

  test("is the stack's own, or another one's, also where only one of them says its region", async () => {
    const named: Omit<Owners, "names"> = {
      ...NONE,
      own: { kind: "found", record: record("dev", [{ id: "web", region: "global" }]), store: "consul" },
    };
    expect(await judge("update", named)).toBe("");
    expect(
      await judge("none", { ...NONE, otherStacks: [record("staging", [{ id: "web", region: "global" }])] }),
    ).toMatch(/is a job of staging/);
  });

  test("is found to be another stack's for whoever only looks", async () => {
    const names = await JobNames.at(nomad);
    const contents = { objects: [wantedOf({ ID: "web" }), wantedOf({ ID: "own" })] };
    expect(foreignJobs(contents, { ...staging, names }, "shop")).toMatchObject([{ id: "web", owner: "staging" }]);
    expect(foreignJobs(contents, { ...staging, own: own.own, names }, "shop")).toEqual([]);
  });
});
