import { LeaseEndedError, PoolBusyError, type Lease } from "../../../../lib/pools";
import { NoAnswerError, TokenRefused, UserError } from "../../../../lib/errors";
import { outcome, SimulatedPool, type SimulatedManager } from "../../../support/simulated-pool";

let pool: SimulatedPool;
afterEach(() => pool.close());

const claim = ({ book }: SimulatedManager, owner = "anna", more = {}) => pool.run(book.claim({ owner, ...more }));

describe("a claim", () => {
  test("of a free slot is one write and no reading, and its generation grows with each", async () => {
    pool = new SimulatedPool(3);
    const manager = await pool.manager();
    const before = { ...manager.store.asked };
    const lease = await claim(manager);
    expect(manager.store.asked).toMatchObject({ write: before.write + 1, read: before.read, change: before.change });
    expect(lease).toMatchObject({ pool: "pool", owner: "anna", generation: 1, ttl: 2000 });
    await pool.run(manager.book.release(lease, { end: false }));
    expect((await claim(manager, "ben", { slot: lease.slot })).generation).toBe(2);
  });

  test("gives each caller another slot, also of other managers that claim at the same moment", async () => {
    pool = new SimulatedPool(30);
    const managers = [await pool.manager(), await pool.manager(), await pool.manager()];
    await pool.clock.pass(50);
    const leases = await pool.run(
      Promise.all(managers.flatMap(({ book }) => Array.from({ length: 10 }, () => book.claim({ owner: "o" })))),
    );
    expect(new Set(leases.map(({ slot }) => slot)).size).toBe(30);
    const conflicts = managers.flatMap(({ events }) => events.map((e) => (e.kind === "claimed" ? e.conflicts : 0)));
    expect(conflicts.reduce((sum, count) => sum + count, 0)).toBe(0);
  });

  test("that loses a slot to a manager that it has not seen yet takes the next", async () => {
    pool = new SimulatedPool(4);
    const [slow, fast] = [await pool.manager(), await pool.manager()];
    slow.store.list = () => new Promise(() => undefined);
    await pool.clock.pass(10);
    const taken = [await claim(fast), await claim(fast), await claim(fast)];
    const last = await claim(slow);
    expect(taken.map(({ slot }) => slot)).not.toContain(last.slot);
  });

  test.each([
    ["", /empty/],
    ["x".repeat(1_000_000), /1000000 characters/],
    [7 as unknown as string, /number/],
  ])("for an owner that is none is refused: %#", async (owner, message) => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager();
    const { error } = await pool.run(outcome(manager.book.claim({ owner })));
    expect(error).toBeInstanceOf(UserError);
    expect(error?.message).toMatch(message);
  });

  test.each(["a\0b", "a\nb", "../../acl", "\ud800", "<script>", "é".repeat(500), "__proto__"])(
    "keeps any text as its owner, and any name as its slot: %j",
    async (text) => {
      pool = new SimulatedPool(0);
      pool.candidates = [text.isWellFormed() ? text : "slot"];
      const manager = await pool.manager();
      const lease = await claim(manager, text);
      expect(lease).toMatchObject({ owner: text, slot: pool.candidates[0] });
      expect(manager.book.state().slots).toMatchObject([{ owner: text, state: "held" }]);
      for (const key of pool.state.objects.keys()) expect(key).toMatch(/^pools\/pool\/(slots|managers)\/[\w-]{1,100}$/);
    },
  );

  test("of just one slot is refused at once where it is not free", async () => {
    pool = new SimulatedPool(2);
    const manager = await pool.manager();
    const { slot } = await claim(manager);
    const { error } = await pool.run(outcome(manager.book.claim({ owner: "ben", slot })));
    expect(error).toBeInstanceOf(PoolBusyError);
    expect(pool.tickets()).toBe(0);
  });

  test("that does not wait has its answer at once, however many ask at the same moment, and leaves nothing behind", async () => {
    pool = new SimulatedPool(2);
    const [one, two] = [await pool.manager(), await pool.manager()];
    const began = pool.clock.now();
    const all = Array.from({ length: 20 }, (_, number) =>
      outcome((number % 2 === 0 ? one : two).book.claim({ owner: `o${number}`, queue: false, timeout: 1000 })),
    );
    const said = await pool.run(Promise.all(all));
    // Two writes and what a conflict costs.
    expect(pool.clock.now() - began).toBeLessThan(10);
    expect(said.filter(({ error }) => error instanceof PoolBusyError)).toHaveLength(18);
    expect([pool.inState("held").length, pool.tickets()]).toEqual([2, 0]);
    // While it is not known what is free, nobody is told that nothing is.
    one.store.cut = true;
    await pool.clock.pass(2500);
    const { error } = await pool.run(outcome(one.book.claim({ owner: "ann", queue: false, timeout: 100 })));
    expect([error?.name, two.book.state().queue]).toEqual(["SlowStoreError", 0]);
  });

  test("that is not made within its timeout is busy, and leaves nothing behind", async () => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager();
    await claim(manager);
    const began = pool.clock.now();
    const { error } = await pool.run(outcome(manager.book.claim({ owner: "ben", timeout: 1000 })));
    expect(error).toBeInstanceOf(PoolBusyError);
    expect(error).toMatchObject({ pool: "pool", retryAfter: expect.any(Number) });
    expect(pool.clock.now() - began).toBeLessThanOrEqual(1001);
    await pool.clock.pass(100);
    expect(pool.tickets()).toBe(0);
  });

  test("that is given up leaves neither its ticket nor the slot that it was just about to have", async () => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager();
    const soon = new AbortController();
    const claiming = outcome(manager.book.claim({ owner: "anna", signal: soon.signal }));
    soon.abort(new Error("no longer"));
    expect((await pool.run(claiming)).error?.message).toBe("no longer");
    await pool.clock.pass(100);
    expect(pool.inState("held")).toEqual([]);
    const lease = await claim(manager);
    const later = new AbortController();
    const waiting = outcome(manager.book.claim({ owner: "ben", signal: later.signal }));
    await pool.clock.pass(50);
    expect(pool.tickets()).toBe(1);
    later.abort(new Error("no longer"));
    expect((await pool.run(waiting)).error?.message).toBe("no longer");
    await pool.clock.pass(50);
    expect(pool.tickets()).toBe(0);
    await expect(pool.run(manager.book.check(lease))).resolves.toBeUndefined();
  });
});

describe("a lease", () => {
  const reasonOf = async (work: Promise<unknown>) => {
    const { error } = await pool.run(outcome(work));
    expect(error).toBeInstanceOf(LeaseEndedError);
    return (error as LeaseEndedError).reason;
  };

  test("is kept by heartbeats, one write for however many leases", async () => {
    pool = new SimulatedPool(100);
    const [manager, other] = [await pool.manager(), await pool.manager()];
    const leases = await pool.run(Promise.all(pool.candidates.map(() => manager.book.claim({ owner: "o" }))));
    const before = manager.store.asked.write;
    await pool.clock.pass(10_000);
    expect(manager.store.asked.write - before).toBeLessThanOrEqual(26);
    expect(manager.lost).toEqual([]);
    expect(other.events).toEqual([]);
    for (const lease of leases) await pool.run(manager.book.check(lease));
  });

  test("ends the slot before it is offered again, and is refused from then on, with the reason", async () => {
    pool = new SimulatedPool(1);
    const [manager, other] = [await pool.manager(), await pool.manager()];
    const lease = await claim(manager);
    await pool.run(manager.book.release(lease));
    expect(await reasonOf(manager.book.check(lease))).toBe("released");
    expect(await reasonOf(manager.book.release(lease))).toBe("released");
    const next = await claim(other);
    expect(pool.ended.map(({ slot }) => slot)).toEqual([lease.slot]);
    expect(next.generation).toBe(lease.generation + 1);
    expect(await reasonOf(other.book.check(lease))).toBe("stale");
    expect(await reasonOf(other.book.check({ ...next, claim: "made up" }))).toBe("stale");
    await pool.run(manager.book.check(next));
  });

  test("that is exchanged is over, and its owner has the slot by a new one, in one write", async () => {
    pool = new SimulatedPool(1);
    const [one, two] = [await pool.manager(), await pool.manager()];
    const before = await claim(one);
    await pool.clock.pass(10);
    const asked = { ...one.store.asked };
    const waiting = outcome(two.book.claim({ owner: "ben", timeout: 5000 }));
    const after = await pool.run(one.book.exchange(before));
    expect(one.store.asked).toMatchObject({ write: asked.write + 1, read: asked.read });
    expect(after).toMatchObject({ slot: before.slot, owner: "anna", generation: before.generation + 1 });
    await pool.clock.pass(20_000);
    await pool.run(one.book.check(after));
    await pool.run(two.book.check(after));
    for (const { book } of [one, two]) {
      const calls: readonly Promise<unknown>[] = [book.check(before), book.renew(before), book.release(before)];
      for (const refused of [...calls, book.exchange(before)])
        expect((await pool.run(outcome(refused))).error).toBeInstanceOf(LeaseEndedError);
    }
    expect((await pool.run(waiting)).error).toBeInstanceOf(PoolBusyError);
    expect([pool.ended, one.lost, pool.inState("held").length]).toEqual([[], [], 1]);
    await pool.run(one.book.release(after));
    expect((await claim(two, "ben")).generation).toBe(after.generation + 1);
  });

  test("that is exchanged while no answer comes is over in any case, and its slot is nobody's and ended", async () => {
    pool = new SimulatedPool(1);
    let lost: "answer" | undefined;
    const manager = await pool.manager({}, () => ({ there: 0.4, back: 0.4, lost }));
    const lease = await claim(manager);
    lost = "answer";
    const exchanged = outcome(manager.book.exchange(lease));
    await pool.clock.pass(2000);
    lost = undefined;
    const { value, error } = await pool.run(exchanged);
    await pool.clock.pass(10_000);
    expect((await pool.run(outcome(manager.book.check(lease)))).error).toBeInstanceOf(LeaseEndedError);
    // Either its answer came in the end, and the new lease stands; or nobody has the slot.
    const stands = value && (await pool.run(outcome(manager.book.check(value)))).error === undefined;
    expect([stands ?? false, pool.inState("held").length]).toEqual(error ? [false, 0] : [true, 1]);
  });

  test("of a manager that dies is free within 3 s, and its slot was ended before", async () => {
    pool = new SimulatedPool(5);
    const [dying, other] = [await pool.manager(), await pool.manager()];
    const leases = await pool.run(Promise.all(pool.candidates.map(() => dying.book.claim({ owner: "o" }))));
    await pool.clock.pass(1234);
    dying.kill();
    const died = pool.clock.now();
    const again = await pool.run(Promise.all(pool.candidates.map(() => other.book.claim({ owner: "next" }))));
    expect(pool.clock.now() - died).toBeLessThan(2400);
    expect(again.map(({ generation }) => generation)).toEqual([2, 2, 2, 2, 2]);
    expect(pool.ended.map(({ slot }) => slot).sort()).toEqual([...pool.candidates].sort());
    for (const lease of leases) expect(await reasonOf(other.book.check(lease))).toBe("stale");
    await pool.clock.pass(3000);
    expect(other.book.state().managers).toEqual([other.book.manager]);
  });

  test("of a process that was stopped for 10 s is refused when it goes on, and its holder is told", async () => {
    pool = new SimulatedPool(1);
    const [paused, other] = [await pool.manager(), await pool.manager()];
    const lease = await claim(paused);
    paused.clock.pause();
    await pool.clock.pass(5000);
    const next = await claim(other);
    await pool.clock.pass(5000);
    paused.clock.resume();
    expect(await reasonOf(paused.book.check(lease))).toBe("stale");
    await pool.clock.pass(1000);
    expect(paused.lost).toMatchObject([{ lease: { slot: lease.slot } }]);
    expect(paused.troubles.join()).not.toMatch(/secret/);
    await pool.run(other.book.check(next));
  });

  test("stands when an observer was stopped, who sees late what happened meanwhile", async () => {
    pool = new SimulatedPool(2);
    const [holder, observer] = [await pool.manager(), await pool.manager()];
    const lease = await claim(holder);
    await pool.clock.pass(100);
    observer.clock.pause();
    await pool.clock.pass(10_000);
    observer.clock.resume();
    await pool.clock.pass(5000);
    await pool.run(holder.book.check(lease));
    expect(pool.ended).toEqual([]);
  });

  test("stands while its manager is alone and the store is away; nothing is known meanwhile, and calls are refused", async () => {
    pool = new SimulatedPool(2);
    const managers = [await pool.manager(), await pool.manager()];
    const [holder] = managers as [SimulatedManager];
    const lease = await claim(holder);
    for (const { store } of managers) store.refusal = new NoAnswerError("Consul", "absent", "Consul does not answer");
    await pool.clock.pass(8000);
    expect((await pool.run(outcome(holder.book.check(lease)))).error).toBeInstanceOf(NoAnswerError);
    for (const { store } of managers) store.refusal = undefined;
    await pool.clock.pass(5000);
    await pool.run(holder.book.check(lease));
    expect([holder.lost, pool.ended]).toEqual([[], []]);
  });

  test("of a process that was stopped while nobody else was there stands when it goes on", async () => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager();
    const lease = await claim(manager);
    manager.clock.pause();
    await pool.clock.pass(10_000);
    manager.clock.resume();
    await pool.run(manager.book.check(lease));
    await pool.clock.pass(1000);
    await pool.run(manager.book.check(lease));
    expect(manager.lost).toEqual([]);
  });

  test("is not had of a store that refuses, which is said at once, and nothing stays behind", async () => {
    pool = new SimulatedPool(1);
    const manager = await pool.manager();
    manager.store.refusal = new TokenRefused("Consul refuses the token for PUT /v1/txn");
    const began = pool.clock.now();
    const { error } = await pool.run(outcome(manager.book.claim({ owner: "anna" })));
    expect(error?.message).toMatch(/refuses the token/);
    expect(pool.clock.now() - began).toBeLessThan(10);
    manager.store.refusal = undefined;
    await pool.clock.pass(3000);
    expect(manager.book.state()).toMatchObject({ free: 1, queue: 0 });
  });

  test("is used, renewed and released by another process that has it", async () => {
    pool = new SimulatedPool(2);
    const [first, second] = [await pool.manager(), await pool.manager()];
    const lease = JSON.parse(JSON.stringify(await claim(first))) as Lease;
    await pool.run(second.book.check(lease));
    await pool.run(second.book.renew(lease));
    await pool.run(second.book.release(lease));
    await pool.clock.pass(100);
    expect(await reasonOf(first.book.check(lease))).toBe("released");
    expect(first.lost).toMatchObject([{ reason: "released" }]);
  });

  test("that nobody keeps stands for its own ttl after each renewal", async () => {
    pool = new SimulatedPool(1);
    const [first, second] = [await pool.manager(), await pool.manager()];
    const lease = await claim(first, "anna", { standing: 5000 });
    await pool.clock.pass(4000);
    await pool.run(second.book.renew(lease));
    first.kill();
    await pool.clock.pass(4500);
    await pool.run(second.book.check(lease));
    expect(await pool.run(second.book.find(lease.slot))).toEqual(lease);
    expect(await pool.run(second.book.list())).toEqual([lease]);
    await pool.clock.pass(1000);
    expect(await reasonOf(second.book.check(lease))).toBe("expired");
  });

  test("that nobody keeps costs no question to the store for each call, and one write in a third of its ttl", async () => {
    pool = new SimulatedPool(2);
    const [first, second] = [await pool.manager(), await pool.manager()];
    const lease = await claim(first, "anna", { standing: 6000 });
    const writes = () => pool.state.written.filter(({ key }) => key.endsWith(`/slots/${lease.slot}`)).length;
    for (const [manager, reads] of [
      [first, 0],
      [second, 1],
    ] as const) {
      const [before, asked] = [writes(), { ...manager.store.asked }];
      for (let call = 0; call < 100; call += 1) {
        const found = (await pool.run(manager.book.find(lease.slot))) as Lease;
        await pool.run(manager.book.renew(found));
        await pool.run(manager.book.check(found));
        await pool.clock.pass(59);
      }
      expect(manager.store.asked.read - asked.read).toBe(reads);
      expect(writes() - before).toBeLessThanOrEqual(4);
    }
    // Its whole time begins with the last call, though that shared a write.
    await pool.clock.pass(5900);
    await pool.run(first.book.check(lease));
    await pool.clock.pass(4000);
    expect(await reasonOf(second.book.check(lease))).toBe("expired");
  });

  test("that nobody keeps is over at once for whoever else renewed it, when it is released", async () => {
    pool = new SimulatedPool(2);
    const [first, second] = [await pool.manager(), await pool.manager()];
    const lease = await claim(first, "anna", { standing: 60_000 });
    await pool.run(second.book.renew(lease));
    await pool.run(second.book.check(lease));
    await pool.run(first.book.release(lease));
    await pool.clock.pass(50);
    expect(second.book.known(lease.slot)).toBeUndefined();
    expect(await reasonOf(second.book.renew(lease))).toBe("released");
    expect(await reasonOf(second.book.check(lease))).toBe("released");
    // Nor is it known to a manager that hears nothing: that one asks.
    const other = await claim(second, "ben", { standing: 60_000 });
    second.store.list = () => new Promise(() => undefined);
    await pool.clock.pass(3000);
    expect(second.book.known(other.slot)).toBeUndefined();
  });

  test("is handed over, and adopted by another manager, which keeps it", async () => {
    pool = new SimulatedPool(2);
    const [first, second] = [await pool.manager(), await pool.manager()];
    const lease = await claim(first);
    const handed = await pool.run(first.book.handOver());
    expect(handed).toMatchObject([{ slot: lease.slot, generation: lease.generation, claim: lease.claim }]);
    await pool.clock.pass(10_000);
    const adopted = await pool.run(second.book.adopt(lease));
    await pool.clock.pass(40_000);
    await pool.run(second.book.check(adopted));
    expect(pool.ended).toEqual([]);
    expect((await pool.run(outcome(first.book.claim({ owner: "o" })))).error?.message).toMatch(/stopped/);
  });

  test("that was handed over and that nobody wants is over after its time", async () => {
    pool = new SimulatedPool(1);
    const [first, second] = [await pool.manager(), await pool.manager()];
    await claim(first);
    await pool.run(first.book.handOver(5000));
    await pool.clock.pass(4000);
    expect(pool.ended).toEqual([]);
    await pool.clock.pass(2000);
    expect(pool.ended).toMatchObject([{ manager: second.book.manager }]);
  });

  test("is given back by a manager that stops, and nothing of it stays behind", async () => {
    pool = new SimulatedPool(3);
    const [first, second] = [await pool.manager(), await pool.manager()];
    await claim(first);
    await claim(first);
    await pool.run(first.book.stop());
    expect(pool.inState("held")).toEqual([]);
    await pool.clock.pass(100);
    expect(second.book.state()).toMatchObject({
      free: 3,
      leased: 0,
      ending: 0,
      queue: 0,
      managers: [second.book.manager],
    });
  });
});

test("a token that may write and not list is refused at the start, when the pool would look free", async () => {
  pool = new SimulatedPool(1);
  const { store } = await pool.manager();
  store.list = () => Promise.resolve({ objects: new Map(), index: 1 });
  const { error } = await pool.run(outcome(pool.manager({ store })));
  expect(error).toBeInstanceOf(UserError);
  expect(error?.message).toMatch(/does not list what was just written below pools\/pool\//);
});

test.each(["request", "answer"] as const)(
  "a store that loses the first %s is asked again at the start",
  async (lost) => {
    pool = new SimulatedPool(1);
    let left = 2;
    const manager = await pool.manager({}, () => ({ there: 1, back: 1, ...((left -= 1) >= 0 ? { lost } : {}) }));
    expect((await claim(manager)).generation).toBe(1);
    expect(manager.book.state().managers).toEqual([manager.book.manager]);
  },
);
