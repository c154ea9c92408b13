import { LeaseEndedError, PoolBusyError, type Lease, type LeaseEvent } from "../../lib/pools";
import type { HistoryEvent } from "../../lib/pools/testing";
import type { ManagerProcess, World } from "./world";

/** How much is asked for. */
export interface Load {
  /** Claims a second, in all pools together. */
  readonly rate: number;
  /** How long a container is held in the mean, in milliseconds. */
  readonly hold: number;
  /** How long a claim may take, in milliseconds. */
  readonly timeout: number;
  /** For how long, in milliseconds. */
  readonly lasts: number;
  /** Moments of so many times the rate, in the first pools of so many. */
  readonly bursts: readonly {
    readonly at: number;
    readonly lasts: number;
    readonly times: number;
    readonly pools: number;
  }[];
}

/** How long it may take until somebody is told that their time is over, in milliseconds. */
const LATER = 50;

/** Those who claim containers, hold them for a while, and give them back; and what they recorded. */
export class Callers {
  readonly history: HistoryEvent[] = [];
  readonly waited: number[] = [];
  /** Claims that were answered: with a container that was free just then, after waiting for one, with one whose node was lost. */
  readonly claims = { asked: 0, hit: 0, queued: 0, dead: 0, busy: 0, failed: 0, late: 0 };
  /** Containers that somebody has. */
  held = 0;
  /** Calls that are under way, at processes that live. */
  get active(): number {
    return [...this.#calls.values()].reduce((sum, one) => sum + one, 0);
  }

  readonly #calls = new Map<string, number>();
  readonly #queued = new Map<string, boolean>();
  /** Leases whose holder asks whether they still stand, and does nothing with them until it is told. */
  readonly #asking = new Map<string, Map<Lease, number>>();

  constructor(
    private readonly world: World,
    private readonly load: Load,
  ) {}

  /** What managers tell of claims. */
  heard(event: LeaseEvent): void {
    if (event.kind === "claimed") this.#queued.set(event.lease.claim, event.queued);
  }

  /** Has callers come, for the time of the load. */
  begin(): void {
    const { world, load } = this;
    const start = world.clock.now();
    const next = () => {
      const at = world.clock.now() - start;
      if (at >= load.lasts) return;
      const burst = load.bursts.find((one) => at >= one.at && at < one.at + one.lasts);
      world.clock.after(world.random.exponential(1000 / (load.rate * (burst?.times ?? 1))), next);
      const pool =
        world.pools[world.random.below(burst ? Math.min(burst.pools, world.pools.length) : world.pools.length)];
      const managers = pool === undefined ? [] : world.managersOf(pool);
      if (pool !== undefined && managers.length > 0) void this.call(world.random.of(managers), pool);
    };
    next();
  }

  /** A process was killed: whoever it served does nothing more. */
  killed({ name }: ManagerProcess): void {
    const at = this.world.clock.now();
    this.#calls.delete(name);
    for (const { slot, generation } of this.#asking.get(name)?.keys() ?? [])
      this.history.push({ process: name, kind: "lost", slot, generation, at });
    this.history.push({ process: name, kind: "killed", at });
  }

  private async call(manager: ManagerProcess, pool: string): Promise<void> {
    const { world, load, history, claims } = this;
    const { clock, name: process } = manager;
    const warm = manager.pools.get(pool);
    if (!warm) return;
    const asked = clock.now();
    claims.asked += 1;
    this.#calls.set(process, (this.#calls.get(process) ?? 0) + 1);
    let lease: Lease | undefined;
    let used = asked;
    try {
      ({ lease } = await warm.claim({ owner: process, timeout: load.timeout }));
      const { slot, generation } = lease;
      used = clock.now();
      history.push({ process, kind: "claimed", slot, generation, at: used });
      this.held += 1;
      this.count(lease, used - asked);
      const hold = world.random.exponential(load.hold);
      for (let half = 0; half < 2; half += 1) {
        await new Promise<void>((resolve) => void clock.after(hold / 2, resolve));
        const before = clock.now();
        await this.asking(process, lease, warm.book.check(lease));
        used = before;
        history.push({ process, kind: "used", slot, generation, at: used });
      }
      history.push({ process, kind: "released", slot, generation, at: used });
      this.held -= 1;
      await warm.release(lease);
    } catch (error) {
      if (lease) {
        const isOver = history.at(-1)?.kind === "released";
        history.push({ process, kind: "lost", slot: lease.slot, generation: lease.generation, at: clock.now() });
        if (!isOver) {
          this.held = Math.max(0, this.held - 1);
          // Who is not told whether the lease stands gives it back all the same, as a program does in its `finally`: a manager that lives renews it else.
          await warm.release(lease).catch(() => undefined);
        }
      } else if (error instanceof PoolBusyError) claims.busy += 1;
      else if (!(error instanceof LeaseEndedError)) claims.failed += 1;
      // A caller is told at the end of its time, and has it a little later; whoever was stopped then is told when it goes on.
      if (!lease && clock.now() - asked > load.timeout + manager.stopped + LATER) claims.late += 1;
    } finally {
      const calls = this.#calls.get(process);
      if (calls !== undefined) this.#calls.set(process, calls - 1);
    }
  }

  private count(lease: Lease, waited: number): void {
    const { claims, world, load } = this;
    this.waited.push(waited);
    if (waited > load.timeout) claims.late += 1;
    if (!world.nomad.answers(lease.slot)) claims.dead += 1;
    else if (this.#queued.get(lease.claim) === true) claims.queued += 1;
    else claims.hit += 1;
    this.#queued.delete(lease.claim);
  }

  private async asking(process: string, lease: Lease, answer: Promise<void>): Promise<void> {
    const asking = this.#asking.get(process) ?? new Map<Lease, number>();
    this.#asking.set(process, asking.set(lease, 0));
    try {
      await answer;
    } finally {
      asking.delete(lease);
    }
  }
}
