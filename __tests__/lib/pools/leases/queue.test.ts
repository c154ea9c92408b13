import { PoolBusyError } from "../../../../lib/pools";
import { outcome, SimulatedPool, type SimulatedManager } from "../../../support/simulated-pool";

let pool: SimulatedPool;
afterEach(() => pool.close());

const claim = ({ book }: SimulatedManager, owner = "anna", more = {}) => pool.run(book.claim({ owner, ...more }));

describe("the queue", () => {
  test("is served in the order of arrival, across managers, and nobody who comes later is first", async () => {
    pool = new SimulatedPool(1);
    const managers = [await pool.manager(), await pool.manager(), await pool.manager()];
    const first = await claim(managers[0] as SimulatedManager);
    const served: number[] = [];
    const waiting = Array.from({ length: 12 }, async (_, number) => {
      await new Promise<void>((resolve) => pool.clock.after(10 + number * 10, resolve));
      const { book } = managers[number % 3] as SimulatedManager;
      const lease = await book.claim({ owner: String(number), timeout: 60_000 });
      served.push(number);
      // Whoever gives it back asks again at once.
      await book.release(lease);
      const again = await book.claim({ owner: `again ${number}`, timeout: 60_000 });
      served.push(100 + number);
      await book.release(again);
    });
    await pool.clock.pass(200);
    expect(pool.tickets()).toBe(12);
    await pool.run((managers[0] as SimulatedManager).book.release(first));
    await pool.run(Promise.all(waiting));
    expect(served).toEqual([...Array(12).keys(), ...Array.from({ length: 12 }, (_, number) => 100 + number)]);
  });

  test("and the leases count nobody twice, so that a pool grows by what is needed alone", async () => {
    pool = new SimulatedPool(4);
    const manager = await pool.manager();
    let wanted = 12;
    const tooMany: number[] = [];
    const callers = Array.from({ length: wanted }, async (_, number) => {
      const lease = await manager.book.claim({ owner: String(number), timeout: 60_000 });
      const { leased, queue } = manager.book.state();
      if (leased + queue > wanted) tooMany.push(leased + queue - wanted);
      await new Promise<void>((resolve) => pool.clock.after(100, resolve));
      await manager.book.release(lease);
      wanted -= 1;
    });
    await pool.run(Promise.all(callers));
    expect(tooMany).toEqual([]);
  });

  test("has a bound, beyond which the answer is at once when to ask again", async () => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager({ queueLimit: 2 });
    await claim(manager);
    const waiting = [1, 2].map((n) => outcome(manager.book.claim({ owner: String(n), timeout: 500 })));
    const began = pool.clock.now();
    const { error } = await pool.run(outcome(manager.book.claim({ owner: "3", timeout: 500 })));
    expect(error).toBeInstanceOf(PoolBusyError);
    expect(error?.message).toMatch(/2 wait already; ask again in \d+ s/);
    expect(pool.clock.now() - began).toBeLessThan(5);
    await pool.run(Promise.all(waiting));
  });

  test("is not held up by tickets of a manager that is dead", async () => {
    pool = new SimulatedPool(1);
    const [dying, other] = [await pool.manager(), await pool.manager()];
    const lease = await claim(other);
    void outcome(dying.book.claim({ owner: "never" }));
    await pool.clock.pass(50);
    dying.kill();
    const waiting = other.book.claim({ owner: "ben" });
    await pool.run(other.book.release(lease));
    const died = pool.clock.now();
    expect((await pool.run(waiting)).owner).toBe("ben");
    expect(pool.clock.now() - died).toBeLessThan(3000);
  });

  test("serves those too whose tickets others removed, since their process was stopped meanwhile", async () => {
    pool = new SimulatedPool(1);
    const [paused, other] = [await pool.manager(), await pool.manager()];
    const lease = await claim(other);
    const waiting = paused.book.claim({ owner: "ben", timeout: 60_000 });
    await pool.clock.pass(50);
    paused.clock.pause();
    await pool.clock.pass(10_000);
    expect(pool.tickets()).toBe(0);
    paused.clock.resume();
    await pool.clock.pass(1000);
    await pool.run(other.book.release(lease));
    const began = pool.clock.now();
    expect((await pool.run(waiting)).owner).toBe("ben");
    expect(pool.clock.now() - began).toBeLessThan(1000);
  });

  test("goes on when the store has lost it, and leases are written again", async () => {
    pool = new SimulatedPool(2);
    const managers = [await pool.manager(), await pool.manager()] as const;
    const leases = [await claim(managers[0]), await claim(managers[1])] as const;
    const waiting = managers[0].book.claim({ owner: "ben", timeout: 60_000 });
    await pool.clock.pass(100);
    pool.state.reset();
    await pool.clock.pass(5000);
    await pool.run(managers[0].book.check(leases[0]));
    await pool.run(managers[1].book.check(leases[1]));
    expect([pool.inState("held").length, pool.tickets(), pool.ended]).toEqual([2, 1, []]);
    await pool.run(managers[1].book.release(leases[1]));
    expect(await pool.run(waiting)).toMatchObject({ slot: leases[1].slot, generation: leases[1].generation + 1 });
  });

  test("wakes when slots become candidates", async () => {
    pool = new SimulatedPool(0);
    const manager = await pool.manager();
    const waiting = manager.book.claim({ owner: "anna" });
    await pool.clock.pass(1000);
    pool.candidates = ["new"];
    manager.book.wake();
    expect((await pool.run(waiting)).slot).toBe("new");
  });

  test("shares writes among those who come at once", async () => {
    pool = new SimulatedPool(0);
    const manager = await pool.manager();
    const before = manager.store.asked.change;
    const waiting = Array.from({ length: 64 }, (_, n) =>
      outcome(manager.book.claim({ owner: String(n), timeout: 400 })),
    );
    await pool.clock.pass(100);
    expect(pool.tickets()).toBe(64);
    expect(manager.store.asked.change - before).toBeLessThan(6);
    await pool.run(Promise.all(waiting));
  });
});

test("whoever begins to wait is told of once, and whoever finds a free slot is not", async () => {
  const pool = new SimulatedPool(1);
  let told = 0;
  const { book } = await pool.manager({ onWaiting: () => (told += 1) });
  const lease = await pool.run(book.claim({ owner: "first" }));
  expect([told, book.generationOf(lease.slot), book.generationOf("another")]).toEqual([0, 1, 0]);
  const waits = book.claim({ owner: "second", timeout: 60_000 });
  expect(told).toBe(1);
  await pool.clock.pass(5000);
  expect(told).toBe(1);
  await pool.run(book.release(lease));
  expect([(await pool.run(waits)).owner, told]).toEqual(["second", 1]);
  await pool.run(book.claim({ owner: "third", queue: false }).catch(() => undefined));
  expect(told).toBe(1);
});
