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
