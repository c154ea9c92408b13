import { SimulatedPool, type SimulatedManager } from "../../../support/simulated-pool";

let pool: SimulatedPool;
afterEach(() => pool.close());

const claim = ({ book }: SimulatedManager) => pool.run(book.claim({ owner: "anna" }));

describe("an ending", () => {
  test("that fails is tried again, and the slot is not offered meanwhile", async () => {
    pool = new SimulatedPool(1);
    let failures = 3;
    const manager = await pool.manager({
      end: () => (failures-- > 0 ? Promise.reject(new Error("the node is away")) : Promise.resolve("free")),
    });
    const lease = await claim(manager);
    await pool.run(manager.book.release(lease));
    expect(manager.book.state()).toMatchObject({ free: 0, ending: 1 });
    expect((await claim(manager)).generation).toBe(2);
    expect(manager.troubles).toHaveLength(3);
  });

  test("of a manager that dies is finished by another", async () => {
    pool = new SimulatedPool(1);
    const dying = await pool.manager({ end: () => new Promise(() => undefined) });
    const other = await pool.manager();
    const lease = await claim(dying);
    await pool.run(dying.book.release(lease));
    dying.kill();
    expect((await claim(other)).generation).toBe(2);
    expect(pool.ended).toMatchObject([{ slot: lease.slot, manager: other.book.manager }]);
  });

  test("of a slot that is gone leaves no object behind", async () => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager({ end: () => Promise.resolve("gone") });
    const lease = await claim(manager);
    pool.candidates = [];
    await pool.run(manager.book.release(lease));
    await pool.clock.pass(100);
    expect([...pool.state.objects.keys()].filter((key) => key.includes("/slots/"))).toEqual([]);
  });

  test("of a slot that is gone is known to all managers, also while one of them sees its container run still", async () => {
    pool = new SimulatedPool(2);
    const ends = { end: () => Promise.resolve("gone" as const) };
    const [one, other] = [await pool.manager(ends), await pool.manager(ends)];
    const lease = await claim(one);
    await pool.clock.pass(50);
    await pool.run(one.book.release(lease));
    await pool.clock.pass(100);
    // What Nomad said last is old, for one who does not reach it, or for a moment: the candidates are the same.
    for (const { book } of [one, other]) expect(book.state()).toMatchObject({ free: 1 });
    expect((await claim(other)).slot).not.toBe(lease.slot);
    for (const { book } of [one, other]) {
      const again = book.claim({ owner: "ben", timeout: 500 });
      await expect(pool.run(again)).rejects.toThrow("none came free within 0.5 s");
      await expect(book.claim({ owner: "ben", slot: lease.slot })).rejects.toThrow("is not free");
    }
  });

  test("of a slot that nobody else saw leased is not missed by a manager that was away meanwhile, or whose write was lost", async () => {
    pool = new SimulatedPool(1);
    let lost: "request" | undefined;
    const ends = { end: () => Promise.resolve("gone" as const) };
    const one = await pool.manager(ends);
    const gaps: number[] = [];
    const away = await pool.manager({ ...ends, onGap: () => gaps.push(pool.clock.now()) }, () => ({
      ...{ there: 0.4, back: 0.4, lost },
    }));
    lost = "request";
    const asked = away.book.claim({ owner: "ben", timeout: 8000 });
    await pool.clock.pass(10);
    const lease = await claim(one);
    await pool.run(one.book.release(lease));
    await pool.clock.pass(1000);
    expect(gaps).toEqual([]);
    lost = undefined;
    // It says that its slots were asked for anew only once that is so: until then there is none.
    pool.candidates = [];
    await pool.clock.pass(1000);
    expect(gaps).toHaveLength(1);
    await expect(pool.run(asked)).rejects.toThrow("none came free");
    const claims = pool.state.written.filter(({ value = "" }) => value.includes('"held"'));
    const told = pool.ended.length;
    expect([claims.length <= 2, told]).toEqual([true, 0]);
  });

  test("of a slot whose objects a store has lost takes it out of no pool", async () => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager({ end: () => Promise.resolve("gone") });
    const other = await pool.manager();
    await claim(manager);
    await pool.clock.pass(50);
    manager.kill();
    pool.state.reset();
    await pool.clock.pass(5000);
    expect((await claim(other)).slot).toBe("slot-0");
  });

  test("of a free slot takes it out of the pool; a leased one is left alone, unless it is gone", async () => {
    pool = new SimulatedPool(3);
    const manager = await pool.manager({ end: () => new Promise(() => undefined) });
    const lease = await claim(manager);
    const [free] = pool.candidates.filter((slot) => slot !== lease.slot) as [string];
    expect(await pool.run(manager.book.retire(lease.slot))).toBe(false);
    expect(await pool.run(manager.book.retire(free))).toBe(true);
    expect(await pool.run(manager.book.retire(free))).toBe(false);
    expect(manager.book.state()).toMatchObject({ free: 1, leased: 1, ending: 1 });
    expect(await pool.run(manager.book.retire(lease.slot, { gone: true }))).toBe(true);
    expect(manager.lost).toMatchObject([{ reason: "gone" }]);
  });
});
