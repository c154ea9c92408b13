import fc from "fast-check";
import { LeaseEndedError, PoolBusyError, type Lease } from "../../../../lib/pools";
import { doublesIn, type HistoryEvent } from "../../../../lib/pools/testing";
import { draws } from "../../../support/draws";
import type { Passage } from "../../../support/memory-store";
import { SimulatedPool, type SimulatedManager } from "../../../support/simulated-pool";

/** What goes wrong with a manager's process, or with its network. */
const fault = fc.record({
  manager: fc.nat(2),
  at: fc.integer({ min: 200, max: 12_000 }),
  kind: fc.constantFrom("kill" as const, "pause" as const, "lose" as const, "cut" as const),
  /** How long it lasts, in milliseconds. */
  lasts: fc.integer({ min: 100, max: 6000 }),
});

const drawn = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  slots: fc.integer({ min: 1, max: 5 }),
  callers: fc.integer({ min: 1, max: 4 }),
  /** The longest way to the store and back, in milliseconds. */
  slow: fc.constantFrom(1, 5, 40),
  faults: fc.array(fault, { maxLength: 6 }),
});

type Plan = typeof drawn extends fc.Arbitrary<infer P> ? P : never;

const TIMEOUT = 4000;

/** Managers that claim, use and release until the time is over, and what became of it. */
class Run {
  readonly pool: SimulatedPool;
  readonly events: HistoryEvent[] = [];
  readonly late: number[] = [];
  claims = 0;
  readonly #losing = new Set<number>();
  readonly #pausedAt = new Map<number, number>();
  /** Leases whose holder asks whether they still stand, and does nothing with them until it is told. */
  readonly #asking = new Map<Lease, string>();

  constructor(private readonly plan: Plan) {
    this.pool = new SimulatedPool(plan.slots, plan.seed);
  }

  async all(): Promise<void> {
    const { pool, plan } = this;
    for (let number = 0; number < 3; number += 1) await this.begin(number);
    for (const { at, kind, lasts, manager: number } of plan.faults)
      pool.clock.after(at, () => this.spoil(number, kind, lasts));
    await pool.clock.pass(15_000);
  }

  private async begin(number: number): Promise<void> {
    const manager = await this.pool.manager({}, () => this.passage(number));
    for (let caller = 0; caller < this.plan.callers; caller += 1) void this.call(manager, `${manager.book.manager}`);
  }

  private spoil(number: number, kind: "kill" | "pause" | "lose" | "cut", lasts: number): void {
    const { pool } = this;
    const manager = pool.managers[number];
    if (!manager) return;
    const after = (run: () => void) => void pool.clock.after(lasts, run);
    if (kind === "kill") {
      manager.kill();
      // Whoever is stopped does nothing any more from that moment on.
      const at = this.#pausedAt.get(number) ?? pool.clock.now();
      const process = manager.book.manager;
      for (const [{ slot, generation }, asker] of this.#asking)
        if (asker === process) this.events.push({ process, kind: "lost", slot, generation, at });
      this.events.push({ process, kind: "killed", at });
    } else if (kind === "pause") {
      manager.clock.pause();
      if (!this.#pausedAt.has(number)) this.#pausedAt.set(number, pool.clock.now());
      after(() => {
        this.#pausedAt.delete(number);
        manager.clock.resume();
      });
    } else if (kind === "lose") {
      this.#losing.add(number);
      after(() => this.#losing.delete(number));
    } else {
      manager.store.cut = true;
      after(() => (manager.store.cut = false));
    }
  }

  private passage(number: number): Passage {
    const { pool, plan } = this;
    const way = { there: 0.1 + pool.random() * plan.slow, back: 0.1 + pool.random() * plan.slow };
    if (!this.#losing.has(number) || pool.random() > 0.4) return way;
    return { ...way, lost: pool.random() > 0.5 ? "answer" : "request" };
  }

  private async call(manager: SimulatedManager, process: string): Promise<void> {
    const { pool, events } = this;
    const now = () => pool.clock.now();
    for (;;) {
      const asked = now();
      let lease: Lease | undefined;
      try {
        lease = await manager.book.claim({ owner: process, timeout: TIMEOUT });
        const { slot, generation } = lease;
        events.push({ process, kind: "claimed", slot, generation, at: now() });
        // While its process is stopped it cannot have noticed.
        if (now() - asked > TIMEOUT) this.late.push(now() - asked);
        this.claims += 1;
        for (let uses = Math.floor(pool.random() * 4); uses >= 0; uses -= 1) {
          await this.sleep(manager, pool.random() * 300);
          const before = now();
          this.#asking.set(lease, process);
          await manager.book.check(lease);
          this.#asking.delete(lease);
          events.push({ process, kind: "used", slot, generation, at: before });
        }
        events.push({ process, kind: "released", slot, generation, at: events.at(-1)?.at ?? now() });
        await manager.book.release(lease, { end: pool.random() > 0.5 });
      } catch (error) {
        // Also where the store did not say: nothing is done with it any more.
        if (lease) events.push({ process, kind: "lost", slot: lease.slot, generation: lease.generation, at: now() });
        if (lease) this.#asking.delete(lease);
        if (!(error instanceof LeaseEndedError || error instanceof PoolBusyError)) await this.sleep(manager, 50);
      }
      await this.sleep(manager, pool.random() * 50);
    }
  }

  private sleep({ clock }: SimulatedManager, delay: number): Promise<void> {
    return new Promise((resolve) => void clock.after(delay, resolve));
  }
}

test("whatever fails, no slot is held by two, and none is lost", async () => {
  let claims = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async (plan) => {
      const run = new Run(plan);
      const { pool } = run;
      await run.all();
      expect(doublesIn(run.events)).toEqual([]);
      expect(run.late).toEqual([]);
      claims += run.claims;
      pool.close();
      const last = await pool.manager();
      await pool.clock.pass(8000);
      const { free, leased, ending, queue, managers } = last.book.state();
      expect({ free, leased, ending, queue, managers }).toEqual({
        ...{ free: plan.slots, leased: 0, ending: 0, queue: 0 },
        managers: [last.book.manager],
      });
      pool.close();
    }),
    { numRuns: draws(5), endOnFailure: true },
  );
  // Otherwise nothing was tried.
  expect(claims).toBeGreaterThan(draws(100));
});

const arrivals = fc.array(
  fc.record({ manager: fc.nat(2), pause: fc.integer({ min: 60, max: 150 }), held: fc.nat(80) }),
  {
    minLength: 5,
    maxLength: 25,
  },
);

test("those who come one after another are served in that order, whichever manager they ask", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 3 }), fc.nat(), async (drawnArrivals, slots, seed) => {
      const pool = new SimulatedPool(slots, seed + 1);
      const way = () => ({ there: 0.1 + pool.random() * 10, back: 0.1 + pool.random() * 10 });
      for (let number = 0; number < 3; number += 1) await pool.manager({}, way);
      const first = await pool.run(
        Promise.all(pool.candidates.map((slot) => pool.managers[0]?.book.claim({ owner: "first", slot }))),
      );
      const served: number[] = [];
      let at = 0;
      const waiting = drawnArrivals.map(async ({ manager: number, pause, held }, order) => {
        await new Promise<void>((resolve) => void pool.clock.after((at += pause), resolve));
        const book = pool.managers[number]?.book;
        const lease = await book?.claim({ owner: String(order), timeout: 600_000 });
        served.push(order);
        await new Promise<void>((resolve) => void pool.clock.after(held, resolve));
        if (lease) await book?.release(lease, { end: held % 2 === 0 });
      });
      await pool.clock.pass(at + 200);
      expect([served, pool.tickets()]).toEqual([[], drawnArrivals.length]);
      for (const lease of first) if (lease) await pool.run(pool.managers[0]?.book.release(lease) ?? Promise.reject());
      await pool.run(Promise.all(waiting));
      pool.close();
      // Several slots that come free at once are several writes, whose answers may cross on their way.
      const displaced = served.filter((order, place) => Math.abs(order - place) >= slots);
      expect(displaced).toEqual([]);
    }),
    { numRuns: draws(8), endOnFailure: true },
  );
});
