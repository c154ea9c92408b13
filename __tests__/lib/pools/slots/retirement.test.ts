import fc from "fast-check";
import { slotKey, sandboxSlotOf } from "../../../../lib/pools/slots/slot-key";
import { draws } from "../../../support/draws";
import { SandboxJobInMemory, type SandboxJobShape } from "../../../support/sandbox-job-in-memory";
import { SimulatedPool, type SimulatedManager } from "../../../support/simulated-pool";

const SOMEBODY = "somebody";

/** An old generation, the leases of which are in a pool's store, and managers that look after it. */
async function oldGeneration(shape: SandboxJobShape, managers = 1, seed = 1) {
  const job = new SandboxJobInMemory(shape);
  const pool = new SimulatedPool(0, seed);
  // Nothing is leased of it anew; what is leased was before.
  const all = await Promise.all(Array.from({ length: managers }, () => pool.manager()));
  const holder = await pool.manager();
  const ended: string[] = [];
  job.onStop = (allocation) => {
    for (const { value } of pool.state.objects.values()) {
      const { slot = "", state, owner } = JSON.parse(value) as { slot?: string; state?: string; owner?: string };
      if (state === "held" && owner === SOMEBODY && sandboxSlotOf(slot)?.allocation === allocation) ended.push(slot);
    }
  };
  const lease = async (sandbox: number, slot = 0) => {
    const claimed = await pool.run(holder.book.claim({ owner: SOMEBODY, slot: slotKey(`sandbox-${sandbox}`, slot) }));
    // Until the others have seen it.
    await pool.clock.pass(100);
    return claimed;
  };
  const step = async (manager = all[0] as SimulatedManager, options = {}) => {
    await pool.run(job.retire(manager, options));
    await pool.clock.pass(1000);
  };
  return { job, pool, managers: all, holder, lease, step, ended };
}

test("one that nobody leases of goes at once, and is purged", async () => {
  const { job, step } = await oldGeneration({ sandboxes: 3, slots: 4 });
  await step();
  expect([job.running, job.changes]).toEqual([[], ["stop"]]);
  // Whoever brings it back has what was declared.
  expect(job.says).toEqual({ count: 3, min: 1 });
  await step();
  expect([job.isThere, job.changes]).toEqual([false, ["stop", "purge"]]);
});

test("leases that another manager ended, since it saw first that their sandbox is gone, trouble nobody", async () => {
  const { job, pool, step, managers } = await oldGeneration({ sandboxes: 2, slots: 2 });
  const removed: string[] = [];
  job.onStop = (allocation) => {
    for (const [key, { value }] of pool.state.objects) {
      const { slot = "" } = JSON.parse(value) as { slot?: string };
      if (sandboxSlotOf(slot)?.allocation === allocation) removed.push(key);
    }
    for (const key of removed) pool.state.objects.delete(key);
  };
  await step();
  expect([job.running, removed.length]).toEqual([[], 4]);
  expect(managers.flatMap(({ troubles }) => troubles)).toEqual([]);
});

test("one that is leased of again in the last moment is left as it is, with all that it says", async () => {
  const { job, step } = await oldGeneration({ sandboxes: 3, slots: 2, min: 2 });
  await step(undefined, { isOld: false });
  expect([job.running, job.changes, job.says]).toEqual([[0, 1, 2], [], { count: 3, min: 2 }]);
});

test("one of which a slot is leased shrinks from the top down to that, and goes with the lease", async () => {
  const { job, pool, holder, lease, step, ended } = await oldGeneration({ sandboxes: 4, slots: 2, min: 0 });
  const last = await lease(1, 1);
  for (let steps = 0; steps < 5; steps += 1) await step();
  expect([job.running, job.changes]).toEqual([
    [0, 1],
    ["scale to 3", "scale to 2"],
  ]);
  await pool.run(holder.book.check(last));
  // It is tried again and again meanwhile: nothing is written for that.
  const written = pool.state.written.filter(({ key }) => key.includes("/slots/")).length;
  for (let steps = 0; steps < 3; steps += 1) await step();
  expect(pool.state.written.filter(({ key }) => key.includes("/slots/"))).toHaveLength(written);
  await pool.run(holder.book.release(last));
  await pool.clock.pass(1000);
  await step();
  await step();
  expect([job.isThere, ended]).toEqual([false, []]);
});

test("the sandboxes that its scaling block wants at least stay until nothing is leased", async () => {
  const { job, lease, step } = await oldGeneration({ sandboxes: 4, slots: 1, min: 3 });
  await lease(0);
  for (let steps = 0; steps < 3; steps += 1) await step();
  expect(job.running).toEqual([0, 1, 2]);
});

test("what was claimed is given back where somebody changes the job meanwhile", async () => {
  const { job, pool, step, holder } = await oldGeneration({ sandboxes: 2, slots: 2 });
  job.onChange = () => job.touch();
  await step();
  expect([job.running, job.changes, pool.inState("held")]).toEqual([[0, 1], [], []]);
  expect(holder.lost).toEqual([]);
});

test("sandboxes that never answered go too", async () => {
  const { job, lease, step } = await oldGeneration({ sandboxes: 3, slots: 2, silent: [1, 2] });
  await lease(0);
  await step();
  await step();
  expect([job.running, job.changes]).toEqual([[0], ["scale to 2", "scale to 1"]]);
});

test("while one has failed, and any could go, none does that is leased; without leases all go", async () => {
  const { job, pool, holder, lease, step, ended } = await oldGeneration({ sandboxes: 3, slots: 2 });
  const last = await lease(0);
  Object.assign(job.sandboxes[1] ?? {}, { status: "failed" });
  for (let steps = 0; steps < 3; steps += 1) await step();
  expect([job.running, ended]).toEqual([[0, 2], []]);
  await pool.run(holder.book.release(last));
  await pool.clock.pass(1000);
  await step();
  await step();
  expect([job.isThere, ended]).toEqual([false, []]);
});

test("a job of the same id that was made anew is left alone", async () => {
  const { job, step } = await oldGeneration({ sandboxes: 1, slots: 1 });
  await step(undefined, { created: 4 });
  expect([job.running, job.changes]).toEqual([[0], []]);
});

test("however many managers do it at once, and die of it, nothing leased ends, and it is gone in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 2 }),
      fc.array(fc.nat({ max: 11 }), { maxLength: 5 }),
      fc.nat(),
      fc.array(fc.constantFrom("one", "both", "die", "release", "fail"), { maxLength: 8 }),
      async (sandboxes, slots, min, leased, seed, acts) => {
        const old = await oldGeneration({ sandboxes, slots, min }, 3, seed);
        const { job, pool, holder, ended } = old;
        const [one, two, dying] = old.managers as [SimulatedManager, SimulatedManager, SimulatedManager];
        const leases = [];
        for (const slot of new Set(leased.map((number) => number % (sandboxes * slots))))
          leases.push(await old.lease(Math.floor(slot / slots), slot % slots));
        for (const act of acts) {
          if (act === "one") await pool.run(job.retire(one));
          if (act === "both") await pool.run(Promise.all([job.retire(one), job.retire(two)]));
          if (act === "die") {
            // In the middle of it: its claims stand until others see that it is silent.
            job.retire(dying).catch(() => undefined);
            await pool.clock.pass(pool.random() * 4);
            dying.kill();
          }
          if (act === "fail") Object.assign(job.sandboxes.find(({ isWanted }) => isWanted) ?? {}, { status: "failed" });
          const lease = act === "release" ? leases.pop() : undefined;
          if (lease) await pool.run(holder.book.release(lease));
          await pool.clock.pass(500);
        }
        for (const lease of leases) await pool.run(holder.book.check(lease));
        expect(ended).toEqual([]);
        for (const lease of leases) await pool.run(holder.book.release(lease));
        await pool.clock.pass(10_000);
        for (let steps = 0; steps < 4 && job.isThere; steps += 1) await old.step();
        expect([job.isThere, ended]).toEqual([false, []]);
      },
    ),
    { numRuns: draws(12) },
  );
});
