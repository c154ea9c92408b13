import * as fc from "fast-check";
import type { JobJson } from "../../../../lib/nomad";
import { groupsOf, servicesOf, updatesOf, withInGroups } from "../../../../lib/operations/deployment/job-groups";
import { draws } from "../../../support/draws";

const NAMES = [
  "TaskGroups",
  "Tasks",
  "Services",
  "Checks",
  "Update",
  "Canary",
  "Name",
  "Meta",
  "Lifecycle",
  "Artifacts",
];
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 1, "a", "", "__proto__"),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("any"), { maxKeys: 5 }),
  ),
})).any;

test("whatever stands in a job, its groups are read as a server holds them: what is no job has none", () => {
  fc.assert(
    fc.property(value, value, (TaskGroups, Update) => {
      const job = { ID: "a", TaskGroups, Update } as JobJson;
      for (const { Count, Tasks } of groupsOf(job))
        expect([Count, Tasks]).toEqual([expect.any(Number), expect.any(Array)]);
      for (const { Name, group, Checks } of servicesOf(job))
        expect([Name, group, Checks]).toEqual([expect.any(String), expect.any(String), expect.any(Array)]);
      for (const { Canary } of updatesOf(job).values()) expect(typeof Canary).toBe("number");
    }),
    { numRuns: draws(150) },
  );
});

test("a group's update goes over the job's, and what is not read is kept where something is changed", () => {
  const job = {
    ID: "a",
    Update: { Canary: 1, MaxParallel: 2 },
    TaskGroups: [{ Name: "g", Update: { Canary: 0 }, Unknown: [1] }, { Name: "h" }],
  };
  expect([...updatesOf(job)]).toEqual([
    ["g", expect.objectContaining({ Canary: 0, MaxParallel: 2, HealthyDeadline: 300e9 })],
    ["h", expect.objectContaining({ Canary: 1, MaxParallel: 2, HealthyDeadline: 300e9 })],
  ]);
  expect(withInGroups(job, { Count: 3 }).TaskGroups).toEqual([
    { Name: "g", Update: { Canary: 0 }, Unknown: [1], Count: 3 },
    { Name: "h", Count: 3 },
  ]);
});
