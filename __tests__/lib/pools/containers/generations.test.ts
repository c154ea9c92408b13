import { generationFrom, type Generation } from "../../../../lib/pools/containers/generations";
import { currentOf } from "../../../../lib/pools/generations";
import { WarmPoolJob } from "../../../../lib/pools/jobs";
import type { JobJson } from "../../../../lib/nomad";

const made = (job: string, created: number): Generation => ({
  job,
  created,
  modified: created,
  group: "warm",
  task: "runtime",
  count: 1,
  isolation: "none",
  isShared: false,
  registeredBy: undefined,
});

test.each([
  ["the newest, where nobody chose", undefined, "b"],
  ["the one that was chosen, although a newer one was there", { job: "a", newest: 20 }, "a"],
  ["one that came up after the choice", { job: "a", newest: 10 }, "b"],
  ["the newest, where the chosen one is gone", { job: "x", newest: 20 }, "b"],
])("gives out containers: %s", (_, choice, job) => {
  expect(currentOf([made("a", 10), made("b", 20)], choice)?.job).toBe(job);
});

test("a pool without a job has no generation", () => {
  expect(currentOf([], { job: "a", newest: 3 })).toBeUndefined();
});

describe("a job as a generation", () => {
  const job = new WarmPoolJob({ provider: "openai", size: 4, execution: { kind: "exec" } });
  const json = { ...job.toApi().Job, CreateIndex: 7, JobModifyIndex: 9 } as unknown as JobJson;

  test("is read from what Nomad holds", () => {
    expect(generationFrom(json, "warm-pool-openai")).toEqual({
      job: job.id,
      created: 7,
      modified: 9,
      group: "warm",
      task: "runtime",
      count: 4,
      isolation: "chroot",
      isShared: false,
      registeredBy: undefined,
    });
  });

  test("is open to all its users together where its meta says so, whoever looks at it", () => {
    const shared = new WarmPoolJob({
      provider: "openai",
      execution: { kind: "raw_exec" },
      sharedWithoutIsolation: true,
    });
    const { isShared, isolation } = generationFrom(shared.toApi().Job as unknown as JobJson, shared.pool) ?? {};
    expect([isShared, isolation, shared.meta?.shared_without_isolation]).toEqual([true, "none", "true"]);
    const alone = new WarmPoolJob({ provider: "openai", execution: { kind: "raw_exec" } });
    expect(generationFrom(alone.toApi().Job as unknown as JobJson, alone.pool)?.isShared).toBe(false);
    expect(alone.id).not.toBe(shared.id);
  });

  test("keeps nothing apart where an option takes away what its driver gives", () => {
    const { TaskGroups, ...rest } = json as unknown as {
      readonly TaskGroups: readonly [{ readonly Tasks: readonly [object] }];
    };
    const [group] = TaskGroups;
    const task = { ...group.Tasks[0], Driver: "docker", Config: { image: "a:1", privileged: true } };
    const open = { ...rest, TaskGroups: [{ ...group, Tasks: [task] }] } as unknown as JobJson;
    expect(generationFrom(open, "warm-pool-openai")?.isolation).toBe("none");
  });

  test.each([
    ["stopped", { ...json, Stop: true }],
    ["of another pool", { ...json, Meta: { pool: "warm-pool-open" } }],
    ["without groups", { ...json, TaskGroups: null }],
    ["not there", undefined],
  ])("is none where it is %s", (_, other) => {
    expect(generationFrom(other as JobJson | undefined, "warm-pool-openai")).toBeUndefined();
  });
});
