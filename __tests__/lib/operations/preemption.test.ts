import fc from "fast-check";
import { Masking } from "../../../lib/masking";
import {
  capacityOf,
  liveNodes,
  planJobs,
  preemptingTypes,
  preemptionFor,
  shortagesOf,
  type Preemption,
} from "../../../lib/operations";
import { apiAllocation, NO_UPDATES } from "../../support/plan-answers";
import type { Answers } from "../../support/replay";
import { wantedOf, withServer } from "../../support/replayed-clients";

// What a node has, what runs there with which priority, and what a scheduler that stops lower priorities makes of it.

const NODE = { ID: "n1", Name: "here", Datacenter: "dc1", Status: "ready", SchedulingEligibility: "eligible" };
const MEMORY = 1000;

interface Running {
  readonly job: string;
  readonly memory: number;
  /** Default: the server does not say. */
  readonly priority?: number;
}

function answersOf(running: readonly Running[], preemption?: object): Answers {
  const resources = { Cpu: { CpuShares: 10_000 }, Memory: { MemoryMB: MEMORY }, Disk: { DiskMB: 100_000 } };
  return {
    "GET /v1/nodes": { body: [NODE] },
    "GET /v1/node/n1": {
      body: { ...NODE, Drivers: { raw_exec: { Healthy: true } }, NodeResources: { ...resources, NodeNetworks: null } },
    },
    "GET /v1/node/n1/allocations": {
      body: running.map(({ job, memory, priority }, index) => ({
        ...apiAllocation(`a${index}`, "running"),
        JobID: job,
        AllocatedResources: { Tasks: { t: { Cpu: { CpuShares: 10 }, Memory: { MemoryMB: memory } } }, Shared: {} },
        Job: priority === undefined ? null : { Priority: priority },
      })),
    },
    ...(preemption
      ? { "GET /v1/operator/scheduler/configuration": { body: { SchedulerConfig: { PreemptionConfig: preemption } } } }
      : {}),
  };
}

const ON = {
  SystemSchedulerEnabled: true,
  SysBatchSchedulerEnabled: false,
  BatchSchedulerEnabled: false,
  ServiceSchedulerEnabled: true,
};

const job = (priority: number, memory: number, count = 1) => ({
  ID: "web",
  Type: "service",
  Priority: priority,
  Datacenters: ["dc1"],
  TaskGroups: [
    { Name: "api", Count: count, Tasks: [{ Name: "t", Driver: "raw_exec", Resources: { CPU: 10, MemoryMB: memory } }] },
  ],
});

async function preemption(
  running: readonly Running[],
  wanted: ReturnType<typeof job>,
  config?: object,
): Promise<Preemption | "nothing" | "fits"> {
  return withServer(answersOf(running, config), async ({ nomad }) => {
    const rooms = await liveNodes(nomad);
    const [shortage] = shortagesOf(capacityOf([wanted], rooms));
    if (!shortage) return "fits";
    return preemptionFor(shortage, { jobs: [wanted], rooms, types: await preemptingTypes(nomad) }) ?? "nothing";
  });
}

test("what has a priority that is lower by ten makes room where the scheduler's configuration says so, and nothing else does", async () => {
  const full = (priority?: number) => [{ job: "old", memory: 900, priority }];
  expect(await preemption(full(20), job(80, 500), ON)).toEqual({ gained: 1, jobs: ["old"] });
  expect(await preemption(full(70), job(80, 500), ON)).toMatchObject({ gained: 1 });
  expect(await preemption(full(71), job(80, 500), ON)).toBe("nothing");
  expect(await preemption(full(), job(80, 500), ON)).toBe("nothing");
  expect(await preemption(full(20), job(80, 500), { ...ON, ServiceSchedulerEnabled: false })).toBe("nothing");
  // Whose configuration may not be read is taken for one that nobody changed.
  expect(await preemption(full(20), job(80, 500))).toBe("nothing");
  expect(await preemption(full(20), job(80, 100), ON)).toBe("fits");
});

test("what is short all the same is what is short then, and not before", async () => {
  const found = await preemption([{ job: "old", memory: 600, priority: 20 }], job(80, 400, 3), ON);
  expect(found).toMatchObject({ gained: 1, jobs: ["old"], rest: { placed: 2, wanted: 3, missing: { memory: 200 } } });
});

test("as many find a place as fit beside what may not be stopped, whatever runs", async () => {
  const running = fc.array(
    fc.record({
      job: fc.constantFrom("a", "b", "c"),
      memory: fc.integer({ min: 1, max: 500 }),
      priority: fc.constantFrom(10, 41, 50, 90),
    }),
    { maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(running, fc.integer({ min: 100, max: 900 }), async (all, memory) => {
      const sum = (some: readonly Running[]) => some.reduce((total, each) => total + each.memory, 0);
      const before = MEMORY - sum(all) >= memory;
      const after = MEMORY - sum(all.filter(({ priority = 0 }) => priority > 40)) >= memory;
      const found = await preemption(all, job(50, memory), ON);
      expect(typeof found === "string" ? found : found.gained).toBe(before ? "fits" : after ? 1 : "nothing");
    }),
    { numRuns: 40 },
  );
});

async function blocked(wanted: ReturnType<typeof job>, place: number, unplaced: number, more: Answers = {}) {
  const failure = { NodesEvaluated: 1, NodesExhausted: 1, DimensionExhausted: { memory: 1 } };
  const answers = {
    ...answersOf([{ job: "old", memory: 300, priority: 50 }]),
    "POST /v1/job/web/plan": {
      body: {
        JobModifyIndex: 0,
        Diff: { Type: "Added", ID: "web" },
        Annotations: { DesiredTGUpdates: { api: { ...NO_UPDATES, Place: place } } },
        FailedTGAllocs: { api: { ...failure, CoalescedFailures: unplaced - 1 } },
      },
    },
    ...more,
  };
  return withServer(answers, async ({ nomad, consul }) => {
    const [planned] = await planJobs([wantedOf(wanted)], { nomad, consul, masking: new Masking() });
    return planned?.plan.groups[0]?.blocked;
  });
}

test("a plan that finds no room says how much is asked for, and how much the best node has", async () => {
  expect(await blocked(job(50, 4096), 1, 1)).toBe(
    "memory is exhausted on 1 node (one allocation asks for 4096 MiB; the node with the most has 700 MiB left)",
  );
  // Once those are placed that find room.
  expect(await blocked(job(50, 400), 3, 2)).toContain("asks for 400 MiB; the node with the most has 300 MiB left");
});

test("who may not look at nodes is told how much is asked for alone", async () => {
  const refused = { "GET /v1/nodes": { status: 403, body: "Permission denied" } };
  expect(await blocked(job(50, 4096), 1, 1, refused)).toBe(
    "memory is exhausted on 1 node (one allocation asks for 4096 MiB)",
  );
});
