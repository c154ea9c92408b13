import type { Clock } from "../../lib/pools";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that passes only where a test lets it: whatever is due runs in its order, and all that follows from it, before time goes on. */
export class SimulatedClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(delay: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delay), order: (this.#order += 1), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How much is still to be run later. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settled();
      const next = this.next();
      if (!next || next.at > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
    await settled();
  }

  /** Lets time pass until something is there. */
  async until<T>(work: Promise<T>, limit = 600_000): Promise<T> {
    let over = false;
    const end = this.#now + limit;
    const done = () => (over = true);
    work.then(done, done);
    await settled();
    while (!over) {
      const next = this.next();
      if (!next || this.#now > end) throw new Error("nothing is due, and it is not over");
      await this.pass(Math.max(0, next.at - this.#now));
    }
    return work;
  }

  /** The clock of one process, which can stand still while the others go on. */
  process(): ProcessClock {
    return new ProcessClock(this);
  }

  private next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    return first;
  }
}

/** The clock of one process. While it is paused nothing of it runs, and its time goes on, as CLOCK_MONOTONIC does for a process that is stopped. */
export class ProcessClock implements Clock {
  #missed: (() => void)[] | undefined;
  #dead = false;

  constructor(private readonly world: SimulatedClock) {}

  now(): number {
    return this.world.now();
  }

  after(delay: number, run: () => void): () => void {
    let forgotten = false;
    const forget = this.world.after(delay, () => {
      if (forgotten || this.#dead) return;
      if (this.#missed) this.#missed.push(() => !forgotten && run());
      else run();
    });
    return () => {
      forgotten = true;
      forget();
    };
  }

  pause(): void {
    this.#missed ??= [];
  }

  resume(): void {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    for (const run of missed) run();
  }

  /** Nothing of it ever runs again. */
  kill(): void {
    this.#dead = true;
  }
}

/** Until all that follows from what was done has been done. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
