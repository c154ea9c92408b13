import fc from "fast-check";
import { Masking } from "../../../lib/masking";
import { deploy } from "../../../lib/operations";
import { planJobs, refuseToStopInPlace, stopsInPlace, type Planned } from "../../../lib/operations/plan";
import { apiAllocation, plannedCount } from "../../support/plan-answers";
import { draws } from "../../support/draws";
import type { Answers } from "../../support/replay";
import { quiet, wantedOf, withServer } from "../../support/replayed-clients";

// Nomad counts what failed as if it ran: where a count falls, it stops what runs in its place. That is told before it is done.

interface Held {
  /** The count that the program has. */
  readonly count: number;
  readonly running: number;
  readonly failed: number;
  /** Running canaries of a deployment that nobody promoted. */
  readonly canaries?: number;
}

/** What the scheduler of Nomad 1.11.3 leaves running of what ran, by `computeStop`. */
function leftRunning({ count, running, failed }: Held): number {
  const remove = running + failed - count;
  return remove <= 0 ? running : Math.max(0, running - remove);
}

const NOTHING = { DesiredTotal: 1, DesiredCanaries: 0, PlacedAllocs: 1, HealthyAllocs: 0, UnhealthyAllocs: 1 };
const job = (count: number) => ({ ID: "web", TaskGroups: [{ Name: "api", Count: count }] });

function answersOf(held: Held, more: Partial<Record<"Stop" | "Place" | "DestructiveUpdate" | "Canary", number>> = {}) {
  const { count, running, failed, canaries = 0 } = held;
  const many = (number: number, name: string, status: string) =>
    Array.from({ length: number }, (_, index) => apiAllocation(`${name}${index}`, status));
  const left = leftRunning(held);
  const updates = { Stop: running - left + canaries, InPlaceUpdate: left, ...more };
  const state = { ...NOTHING, Promoted: false, PlacedCanaries: many(canaries, "canary", "").map(({ ID }) => ID) };
  return {
    ...plannedCount({ from: 9, to: count, updates }),
    "GET /v1/job/web/allocations": {
      body: [
        ...many(running, "running", "running"),
        ...many(failed, "failed", "failed"),
        ...many(canaries, "canary", "running"),
      ],
    },
    "GET /v1/job/web/deployments": {
      body: [
        {
          ID: "d",
          JobID: "web",
          JobVersion: 0,
          JobModifyIndex: 9,
          CreateIndex: 9,
          Status: "failed",
          TaskGroups: { api: state },
        },
      ],
    },
  } satisfies Answers;
}

async function planned(held: Held, more?: Parameters<typeof answersOf>[1]): Promise<readonly Planned[]> {
  return withServer(answersOf(held, more), ({ nomad, consul }) =>
    planJobs([wantedOf(job(held.count))], { nomad, consul, masking: new Masking() }),
  );
}

function refusalOf(all: readonly Planned[]): string | undefined {
  try {
    return void refuseToStopInPlace(all, {});
  } catch (error) {
    return String(error);
  }
}

test("a plan counts as many as Nomad stops that shall run, whatever runs and failed", async () => {
  const held = fc.record({
    count: fc.integer({ min: 1, max: 5 }),
    running: fc.integer({ min: 0, max: 5 }),
    failed: fc.integer({ min: 0, max: 5 }),
    canaries: fc.integer({ min: 0, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(held, async (one) => {
      const all = await planned(one);
      const expected = Math.min(one.count, one.running) - Math.min(one.count, leftRunning(one));
      expect(all[0]?.plan.groups[0]?.stopsInPlace ?? 0).toBe(expected);
      const refused = /it stops (\d+) in their place/.exec(refusalOf(all) ?? "")?.[1];
      expect(Number(refused ?? 0)).toBe(expected);
      expect(() => refuseToStopInPlace(all, { force: true })).not.toThrow();
    }),
    { numRuns: draws(20) },
  );
});

test("the refusal says how many are left, and both ways out", async () => {
  const all = await planned({ count: 1, running: 1, failed: 1 });
  expect(() => refuseToStopInPlace(all, {})).toThrow(
    /group "api" failed \(1\).*stops 1 in their place.*0 of 1 would be left; keep the count.*2 or more.*deploy ENV --force/,
  );
});

test("where all of a group is replaced, so is what failed, and nothing is refused; with canaries it is", async () => {
  const held = { count: 1, running: 1, failed: 1 };
  expect((await planned(held, { DestructiveUpdate: 1 })).some(({ plan }) => stopsInPlace(plan))).toBe(false);
  expect((await planned(held, { Canary: 1 })).some(({ plan }) => stopsInPlace(plan))).toBe(true);
});

test("with --force, what was stopped is placed anew by the same command", async () => {
  const held = { count: 1, running: 1, failed: 1 };
  const registered: unknown[] = [];
  const evaluation = (ID: string) => ({
    ID,
    JobID: "web",
    Type: "service",
    Status: "complete",
    CreateIndex: 1,
    ModifyIndex: 1,
  });
  let index = 10;
  const server = {
    ...answersOf(held),
    "PUT /v1/jobs": ({ body }: { readonly body: unknown }) => {
      registered.push(body);
      index += 1;
      return { body: { EvalID: `e${index}`, JobModifyIndex: index, Warnings: "" } };
    },
    "GET /v1/job/web": () => ({ body: { ...job(1), Type: "service", Version: 2, JobModifyIndex: index, Stop: false } }),
    "GET /v1/job/web/evaluations": { body: [] },
    "GET /v1/job/web/summary": { body: { JobID: "web", Namespace: "default", Summary: {} } },
    "POST /v1/job/web/evaluate": { body: { EvalID: "again", JobModifyIndex: 11 } },
    "GET /v1/evaluation/again": { body: evaluation("again") },
    "GET /v1/evaluation/e11": { body: evaluation("e11") },
  } as unknown as Answers;
  await withServer(server, async ({ nomad, consul, server: replay }) => {
    const until = performance.now() + 1500;
    await deploy([wantedOf(job(1))], { ...quiet, nomad, consul, force: true, until });
    const asked = replay.asked.map(({ method, path }) => `${method} ${path}`);
    expect(asked).toContain("POST /v1/job/web/evaluate");
    expect(asked.indexOf("PUT /v1/jobs")).toBeLessThan(asked.indexOf("POST /v1/job/web/evaluate"));
    expect(registered.length).toBeGreaterThanOrEqual(1);
  });
});
