import { Masking } from "../../../lib/masking";
import type { JobJson } from "../../../lib/nomad";
import {
  findDrift,
  fixDrift,
  previewStack,
  revertOf,
  revertToProgram,
  stackStatus,
  wayOutOf,
} from "../../../lib/operations";
import { NO_UPDATES } from "../../support/plan-answers";
import { recorded, recordedJob, type Answers } from "../../support/replay";
import { bodyOf, quiet, wantedOf, withServer } from "../../support/replayed-clients";

const versionsOf = (answers: Answers) =>
  (bodyOf(answers, "GET /v1/job/web/versions?diffs=true") as { Versions: readonly JobJson[] }).Versions;
const deploymentsOf = (answers: Answers) =>
  bodyOf(answers, "GET /v1/job/web/deployments") as Parameters<typeof revertOf>[1];

/** A version of a job: its number, when it was submitted, and what it says. */
const version = (Version: number, SubmitTime: number, says: string, Count = 1, more: object = {}): JobJson => ({
  ID: "web",
  Version,
  SubmitTime,
  Meta: { says },
  TaskGroups: [{ Name: "api", Count }],
  ...more,
});

test("what auto_revert took back is told as that, with the version before and when", () => {
  const { nomad } = recorded("reverted");
  expect(revertOf(versionsOf(nomad), deploymentsOf(nomad))).toEqual({
    from: 1,
    to: 0,
    version: 2,
    by: "nomad",
    at: expect.stringMatching(/^20/),
  });
});

describe("a version that is the same as an older one was taken back to", () => {
  const [A, B, C] = [version(0, 100, "a"), version(1, 200, "b"), version(2, 100, "a")];
  const guarded = (...versions: readonly string[]) => {
    const Constraints = versions.map((RTarget) => ({ LTarget: "${attr.nomad.version}", RTarget, Operand: "semver" }));
    return [{ Name: "api", Count: 1, Constraints }];
  };
  // What Nomad 1.11.3 leaves of a rollback where services of Consul or tasks have identities: it adds its constraint whether it is there or not.
  const GUARDED = version(0, 100, "a", 1, { TaskGroups: guarded("1.7") });
  const TWICE = version(2, 300, "a", 1, { TaskGroups: guarded("1.7", "1.7") });

  test.each<[string, readonly JobJson[], object | undefined]>([
    ["by Nomad, which keeps the time", [A, B, C], { from: 1, to: 0, version: 2, by: "somebody" }],
    ["by a rollback, whenever", [A, B, version(2, 300, "a")], { from: 1, to: 0, version: 2, by: "somebody" }],
    ["which wrote a constraint of its own twice", [GUARDED, B, TWICE], { from: 1, to: 0, version: 2, by: "somebody" }],
    [
      "not where another constraint was added",
      [GUARDED, B, version(2, 300, "a", 1, { TaskGroups: guarded("1.7", "1.8") })],
      undefined,
    ],
    ["in whatever order they are answered", [B, C, A], { from: 1, to: 0, version: 2, by: "somebody" }],
    ["and was scaled since", [A, B, C, version(3, 300, "a", 4)], { from: 1, to: 0, version: 2, by: "somebody" }],
    ["of which Nomad took a count back", [A, version(1, 200, "a", 9), version(2, 100, "a")], { from: 1, to: 0 }],
    ["twice", [A, B, C, version(3, 300, "c"), version(4, 100, "a")], { from: 3, to: 2, version: 4 }],
    ["not where it was scaled there and back", [A, version(1, 200, "a", 9), version(2, 300, "a")], undefined],
    ["not where it was changed since", [A, B, C, version(3, 300, "c")], undefined],
    ["not where it was stopped since", [A, B, version(2, 100, "a", 1, { Stop: true })], undefined],
    ["not where a scaling kept the time", [A, version(1, 100, "a", 5)], undefined],
    ["not where what was taken back is forgotten", [A, C], undefined],
    ["not by a time that is not known", [version(0, 0, "a"), B, version(2, 0, "c")], undefined],
    ["not of one version", [A], undefined],
    ["not of none", [], undefined],
  ])("%s", (_, versions, expected) => {
    expect([revertOf(versions, [])]).toMatchObject([expected]);
  });
});

/** Answers of a server of which the job was taken back, and whose plan brings a field again. */
function takenBack(
  after: string,
  { blocked = false, by = "somebody" }: { readonly blocked?: boolean; readonly by?: "nomad" | "somebody" } = {},
): Answers {
  const env = (Old: string, New: string) => ({
    Type: "Edited",
    ID: "web",
    Fields: [{ Type: "Edited", Name: "Meta[says]", Old, New, Annotations: null }],
    Objects: null,
    TaskGroups: null,
  });
  const versions = [version(2, 300, "a"), version(1, 200, "b"), version(0, 100, "a")];
  const failed = {
    ID: "1",
    JobID: "web",
    JobVersion: 1,
    JobModifyIndex: 9,
    CreateIndex: 9,
    Status: "failed",
    StatusDescription: "Failed due to progress deadline - rolling back to job version 0",
  };
  const metric = { CoalescedFailures: 0, NodesEvaluated: 1, DimensionExhausted: { memory: 1 }, NodesExhausted: 1 };
  return {
    "POST /v1/job/web/plan": {
      body: {
        JobModifyIndex: 10,
        Diff: env("a", after),
        Annotations: { DesiredTGUpdates: { api: { ...NO_UPDATES, DestructiveUpdate: 1 } } },
        FailedTGAllocs: blocked ? { api: metric } : null,
      },
    },
    "GET /v1/job/web/deployments": { body: by === "nomad" ? [failed] : [] },
    "GET /v1/job/web/versions": { body: { Versions: versions, Diffs: [env("b", "a"), env("a", "b")] } },
    "PUT /v1/jobs": { body: { EvalID: "1", JobModifyIndex: 11, Warnings: "" } },
  };
}
const contents = {
  objects: [wantedOf({ ID: "web", TaskGroups: [{ Name: "api", Count: 1 }] })],
  terraformOnly: [],
  declared: { owner: "cdk-nomad" as const },
  sensitive: [],
  reached: [],
};

test.each([
  ["b", "somebody", true],
  ["b", "nomad", true],
  ["c", "nomad", false],
] as const)(
  "drift of what was taken back is not put right unasked, where the program says %s and %s did",
  async (says, by, again) => {
    await withServer(takenBack(says, { by }), async ({ nomad, consul, server }) => {
      const clients = { nomad, consul, masking: new Masking() };
      const found = await findDrift("lab", contents, clients);
      const revert = { from: 1, to: 0, version: 2, by, again };
      expect(found.drift.jobs).toEqual([expect.objectContaining({ drift: "reverted", revert })]);
      expect(await fixDrift(found, contents, clients)).toEqual([
        { name: "web", fixed: false, reason: expect.stringMatching(/taken back.*mend the program.*--undo-reverts/) },
      ]);
      expect(server.count("PUT /v1/jobs")).toBe(0);
      const { jobs } = await previewStack("lab", contents, clients);
      expect(jobs[0]?.warnings.join()).toMatch(/taken back from version 1 to 0 by /);
      expect(jobs[0]?.warnings.join().includes("says still what was taken back")).toBe(again);
      expect(await fixDrift(found, contents, clients, { undoReverts: true })).toEqual([{ name: "web", fixed: true }]);
    });
  },
);

test("what the program does not bring again is put right, since somebody may have deployed the same again", async () => {
  await withServer(takenBack("c"), async ({ nomad, consul }) => {
    const clients = { nomad, consul, masking: new Masking() };
    const found = await findDrift("lab", contents, clients);
    expect(found.drift.jobs.map(({ drift, revert }) => [drift, revert])).toEqual([["changed", undefined]]);
    expect(await fixDrift(found, contents, clients)).toEqual([{ name: "web", fixed: true }]);
  });
});

test("a job whose program finds no node is not put right by registering it", async () => {
  const { "GET /v1/job/web/versions": _, ...answers } = takenBack("c", { blocked: true });
  const edited = { body: { Versions: [version(1, 200, "b"), version(0, 100, "a")], Diffs: null } };
  await withServer({ ...answers, "GET /v1/job/web/versions": edited }, async ({ nomad, consul, server }) => {
    const clients = { nomad, consul, masking: new Masking() };
    const found = await findDrift("lab", contents, clients);
    expect(found.drift.jobs.map(wayOutOf)).toEqual(["room"]);
    expect(found.drift.jobs[0]?.groups[0]?.blocked).toMatch(/memory is exhausted/);
    expect(await fixDrift(found, contents, clients)).toEqual([
      { name: "web", fixed: false, reason: expect.stringMatching(/no node takes it/) },
    ]);
    expect(server.count("PUT /v1/jobs")).toBe(0);
  });
});

test("status says that a job was taken back", async () => {
  const { nomad: answers } = recorded("reverted");
  const versions = { body: { Versions: versionsOf(answers), Diffs: null } };
  await withServer({ ...answers, "GET /v1/job/web/versions": versions }, async (clients) => {
    const [status] = await stackStatus([wantedOf(recordedJob(recorded("reverted")))], { ...clients, ...quiet });
    expect(status).toMatchObject({ state: "healthy", revert: { from: 1, to: 0, by: "nomad" } });
  });
});

describe("a job whose versions look taken back", () => {
  const wanted = { path: "lab/web", job: { ID: "web", TaskGroups: [{ Name: "api", Count: 1 }] } };
  const revert = { from: 1, to: 0, version: 2, by: "somebody" as const };
  const askedOf = async (answers: Answers) => {
    const found: unknown[] = [];
    await withServer(answers, async ({ nomad }) => {
      found.push(await revertToProgram(wanted, revert, { nomad, masking: new Masking() }));
    });
    return found[0];
  };

  test("was not, where its program says what runs: a deployment of it, or drift --fix, brought that again", async () => {
    const same = { JobModifyIndex: 10, Diff: { Type: "None", ID: "web" }, Annotations: { DesiredTGUpdates: {} } };
    expect(await askedOf({ ...takenBack("b"), "POST /v1/job/web/plan": { body: same } })).toBeUndefined();
  });

  test("was, where its program would bring again what was taken back", async () => {
    expect(await askedOf(takenBack("b"))).toMatchObject({ from: 1, to: 0, again: true });
  });

  test("is told as its versions say, where the token may not plan", async () => {
    const refused = { status: 403, body: "Permission denied" };
    expect(await askedOf({ ...takenBack("b"), "POST /v1/job/web/plan": refused })).toEqual(revert);
  });
});
