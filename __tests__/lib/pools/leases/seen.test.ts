import { SimulatedPool } from "../../../support/simulated-pool";

test("what one manager writes is known to be seen by all once each of them says so, or is silent for its time", async () => {
  const pool = new SimulatedPool(2);
  const [one, two, three] = [await pool.manager(), await pool.manager(), await pool.manager()];
  const write = async (value: string) => {
    const key = "pools/pool/pool";
    const version = await pool.run(one.store.write(key, value, pool.state.objects.get(key)?.version ?? 0));
    if (version === undefined) throw new Error("it was not written");
    return version;
  };
  const first = await write("one");
  const began = pool.clock.now();
  await pool.run(one.book.seenByAll(first));
  // A heartbeat of each.
  expect(pool.clock.now() - began).toBeLessThan(600);
  for (const { book } of [one, two, three]) expect(book.object("pool")?.value).toBe("one");

  // One that is dead is waited for until it is known to claim nothing any more.
  two.kill();
  const died = pool.clock.now();
  await pool.run(one.book.seenByAll(await write("two")));
  expect(pool.clock.now() - died).toBeGreaterThan(1500);
  expect(pool.clock.now() - died).toBeLessThan(3500);
  expect(three.book.object("pool")?.value).toBe("two");

  // One whose heartbeats come and whose view does not is told of.
  const list = three.store.list.bind(three.store);
  three.store.list = () => new Promise(() => undefined);
  await pool.clock.pass(100);
  const failed = await pool.run(
    one.book.seenByAll(await write("three")).then(
      () => "seen",
      (error: unknown) => error,
    ),
  );
  // The store is not to blame: whoever reads it learns which manager to look at.
  expect(failed).toMatchObject({ name: "ManagersBehindError", pool: "pool", managers: [three.book.manager] });
  expect(String(failed)).toContain(
    `1 manager of the pool pool has not seen what was written within 10 s: ${three.book.manager}; stop it, or try again`,
  );
  three.store.list = list;
  await pool.run(one.book.seenByAll(pool.state.objects.get("pools/pool/pool")?.version ?? 0));
});

test("a manager that was stopped for a while claims nothing before it has looked at the pool anew", async () => {
  const pool = new SimulatedPool(2);
  const manager = await pool.manager();
  const list = manager.store.list.bind(manager.store);
  manager.store.list = () => new Promise(() => undefined);
  manager.clock.pause();
  await pool.clock.pass(3000);
  manager.clock.resume();
  const claimed = manager.book.claim({ owner: "ann", timeout: 3000 }).then(
    () => "claimed",
    (error: unknown) => (error as Error).name,
  );
  expect(await pool.run(claimed)).not.toBe("claimed");
  manager.store.list = list;
  await pool.clock.pass(15_000);
  expect(await pool.run(manager.book.claim({ owner: "ann" }))).toMatchObject({ owner: "ann" });
});
