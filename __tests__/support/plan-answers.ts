import type { Answers } from "./replay";

/** What Nomad's plan says of the allocations of a group; 0 where nobody says otherwise. */
export const NO_UPDATES = {
  Ignore: 0,
  Place: 0,
  Migrate: 0,
  Stop: 0,
  InPlaceUpdate: 0,
  DestructiveUpdate: 0,
  Canary: 0,
  Preemptions: 0,
};

/** A change of the count of the group `api` of the job `web`, and what becomes of its allocations. */
export interface CountChange {
  readonly from: number;
  readonly to: number;
  readonly updates: Partial<typeof NO_UPDATES>;
}

/** The answer of a Nomad that is asked what it would do with another count, with the modify index 10. */
export function plannedCount({ from, to, updates }: CountChange): Answers {
  const effect = to < from ? "forces destroy" : "forces create";
  const count = { Type: "Edited", Name: "Count", Old: String(from), New: String(to), Annotations: [effect] };
  const group = { Type: "Edited", Name: "api", Fields: [count], Objects: null, Tasks: null };
  return {
    "POST /v1/job/web/plan": {
      body: {
        JobModifyIndex: 10,
        Diff: { Type: "Edited", ID: "web", TaskGroups: [group] },
        Annotations: { DesiredTGUpdates: { api: { ...NO_UPDATES, ...updates } } },
      },
    },
  };
}

/** An allocation of that group that shall run, in a list. */
export function apiAllocation(ID: string, ClientStatus: string) {
  return { ID, JobID: "web", TaskGroup: "api", DesiredStatus: "run", ClientStatus, NextAllocation: "" };
}
