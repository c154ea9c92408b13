import { UserError } from "../../../../lib/errors";
import { LeaseBook } from "../../../../lib/pools";
import { SimulatedPool } from "../../../support/simulated-pool";

let pool: SimulatedPool;
afterEach(() => pool.close());

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a time that is none is refused before anything is written:", () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
    "%d as that for which a lease stands",
    async (time) => {
      pool = new SimulatedPool(1);
      const { book } = await pool.manager();
      expect(await refusal(pool.run(book.claim({ owner: "anna", standing: time })))).toBeInstanceOf(UserError);
      expect(await refusal(pool.run(book.handOver(time)))).toBeInstanceOf(UserError);
      // Nothing of the kind was written: the slot is free for the next one.
      expect((await pool.run(book.claim({ owner: "ben" }))).owner).toBe("ben");
    },
  );

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])("%d as a timeout", async (timeout) => {
    pool = new SimulatedPool(1);
    const { book } = await pool.manager();
    expect(await refusal(pool.run(book.claim({ owner: "anna", timeout })))).toBeInstanceOf(UserError);
  });

  test.each([{ ttl: 0 }, { ttl: Number.NaN }, { heartbeat: 0 }, { heartbeat: 2500 }, { ttl: 1000, heartbeat: 1200 }])(
    "%j as the times of a book",
    (times) => {
      pool = new SimulatedPool(1);
      const make = () => {
        const end = () => Promise.resolve("free" as const);
        return new LeaseBook({ store: undefined as never, pool: "pool", candidates: () => [], end, ...times });
      };
      expect(make).toThrow(UserError);
    },
  );
});

test("a book that is stopped while it claims has left nothing when it says that it has stopped", async () => {
  pool = new SimulatedPool(1);
  const manager = await pool.manager();
  const { store, clock } = manager;
  const write = store.write.bind(store);
  store.write = async (key, ...given) => {
    if (key.includes("/slots/")) await new Promise<void>((resolve) => clock.after(1500, resolve));
    return write(key, ...given);
  };
  const claiming = refusal(manager.book.claim({ owner: "anna" }));
  await pool.run(manager.book.stop());
  expect(await claiming).toBeInstanceOf(Error);
  expect(pool.inState("held")).toEqual([]);
  expect(pool.inState("ending")).toEqual([]);
});

test("a book that could not be started leaves no sign of its manager", async () => {
  pool = new SimulatedPool(1);
  const list = { refused: true };
  const starting = pool.manager();
  const [manager] = pool.managers;
  const { store } = manager ?? {};
  if (!store) throw new Error("there is no manager");
  const asked = store.list.bind(store);
  store.list = (...given) => (list.refused ? Promise.reject(new UserError([])) : asked(...given));
  expect(await refusal(starting)).toBeInstanceOf(UserError);
  expect([...pool.state.objects.keys()]).toEqual([]);
});

test("an ending that is tried again keeps no timer once the book is stopped", async () => {
  pool = new SimulatedPool(1);
  const manager = await pool.manager({ end: () => Promise.reject(new Error("not yet")) });
  const lease = await pool.run(manager.book.claim({ owner: "anna" }));
  await pool.run(manager.book.release(lease));
  await pool.clock.pass(5000);
  await pool.run(manager.book.handOver());
  expect(pool.clock.timers).toBe(0);
});

test("a lease that stands by itself has its whole time from its last call, also where its manager is stopped then", async () => {
  pool = new SimulatedPool(1);
  const manager = await pool.manager();
  const lease = await pool.run(manager.book.claim({ owner: "anna", standing: 60_000 }));
  await pool.clock.pass(15_000);
  await pool.run(manager.book.renew(lease));
  const writes = manager.store.asked.write;
  await pool.run(manager.book.handOver());
  expect(manager.store.asked.write).toBeGreaterThan(writes);
  expect(pool.inState("held")).toHaveLength(1);
  expect(pool.clock.timers).toBe(0);
});
