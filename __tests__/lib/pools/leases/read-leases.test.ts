import { listLeases, standingLeases } from "../../../../lib/pools";
import { MemoryStore } from "../../../support/memory-store";
import { SimulatedPool } from "../../../support/simulated-pool";

const owners = (leases: readonly { readonly owner: string }[]) => leases.map(({ owner }) => owner).sort();

async function leasedPool() {
  const pool = new SimulatedPool(6);
  const [living, dying] = [await pool.manager(), await pool.manager()];
  for (const owner of ["ann", "bob"]) await pool.run(living.book.claim({ owner }));
  await pool.run(dying.book.claim({ owner: "of a manager that dies" }));
  await pool.run(living.book.claim({ owner: "stands by itself", standing: 60_000 }));
  const reader = new MemoryStore(pool.state, pool.clock);
  return { pool, living, dying, reader };
}

test("somebody who takes no part in a pool reads its leases and writes nothing", async () => {
  const { pool, reader } = await leasedPool();
  const read = await pool.run(listLeases(reader, "pool", { clock: pool.clock }));
  expect(owners(read)).toEqual(["ann", "bob", "of a manager that dies", "stands by itself"]);
  expect(owners(await pool.run(listLeases(reader, "another", { clock: pool.clock })))).toEqual([]);
  expect(reader.asked).toEqual({ list: 2, read: 0, write: 0, remove: 0, change: 0 });
});

test("leases of a manager that died do not stand, though nobody is there who would end them", async () => {
  const { pool, living, dying, reader } = await leasedPool();
  dying.kill();
  living.kill();
  expect(owners(await pool.run(standingLeases(reader, "pool", { clock: pool.clock })))).toEqual(["stands by itself"]);
});

test("leases of a manager that lives stand, among them one that was claimed meanwhile", async () => {
  const { pool, living, dying, reader } = await leasedPool();
  dying.kill();
  const asked = standingLeases(reader, "pool", { clock: pool.clock });
  await pool.run(living.book.claim({ owner: "came meanwhile" }));
  expect(owners(await pool.run(asked))).toEqual(["ann", "bob", "came meanwhile", "stands by itself"]);
});

test("a pool without leases is not watched", async () => {
  const pool = new SimulatedPool(1);
  await pool.manager();
  const began = pool.clock.now();
  expect(
    await pool.run(standingLeases(new MemoryStore(pool.state, pool.clock), "pool", { clock: pool.clock })),
  ).toEqual([]);
  expect(pool.clock.now()).toBe(began);
});

test("a store that does not answer is an error in time", async () => {
  const { pool, reader } = await leasedPool();
  reader.list = () => new Promise(() => undefined);
  const asked = standingLeases(reader, "pool", { clock: pool.clock }).catch((error: unknown) => (error as Error).name);
  expect(await pool.run(asked)).toBe("SlowStoreError");
});
