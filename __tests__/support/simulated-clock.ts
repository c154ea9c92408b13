import type { Clock } from "../../lib/pools";

interface Timer {
  readonly at: number;
  readonly order: number;
  /** Undefined once nobody waits for it any more. */
  run: (() => void) | undefined;
}

/** Time that passes only where a test lets it: whatever is due runs in its order, and all that follows from it, before time goes on. */
export class SimulatedClock implements Clock {
  #now = 0;
  #order = 0;
  /** A heap: each comes before the two that stand at twice its place and one, and at twice its place and two. */
  #timers: Timer[] = [];
  #waiting = 0;

  now(): number {
    return this.#now;
  }

  after(delay: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delay), order: (this.#order += 1), run };
    this.add(timer);
    this.#waiting += 1;
    this.tidy();
    return () => {
      if (timer.run) this.#waiting -= 1;
      timer.run = undefined;
    };
  }

  /** How much is still to be run later. */
  get timers(): number {
    return this.#waiting;
  }

  /** Lets time pass. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settled();
      const next = this.next();
      if (!next || next.at > end) break;
      this.take();
      this.#now = Math.max(this.#now, next.at);
      this.#waiting -= 1;
      const run = next.run;
      next.run = undefined;
      run?.();
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

  /** The first that somebody waits for. */
  private next(): Timer | undefined {
    while (this.#timers[0] && this.#timers[0].run === undefined) this.take();
    return this.#timers[0];
  }

  /** Most are forgotten long before their time: with all of them the heap would hold many times what is waited for. */
  private tidy(): void {
    if (this.#timers.length < 1024 || this.#timers.length < 2 * this.#waiting) return;
    // What is sorted is a heap.
    this.#timers = this.#timers
      .filter(({ run }) => run !== undefined)
      .sort((one, other) => (isBefore(one, other) ? -1 : 1));
  }

  private add(timer: Timer): void {
    let place = this.#timers.push(timer) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#timers[above];
      if (!other || isBefore(other, timer)) break;
      this.#timers[place] = other;
      place = above;
    }
    this.#timers[place] = timer;
  }

  /** Takes the first one away. */
  private take(): void {
    const last = this.#timers.pop();
    const size = this.#timers.length;
    if (!last || size === 0) return;
    let place = 0;
    for (;;) {
      const [left, right] = [this.#timers[2 * place + 1], this.#timers[2 * place + 2]];
      if (!left) break;
      const [below, other] = right && isBefore(right, left) ? [2 * place + 2, right] : [2 * place + 1, left];
      if (isBefore(last, other)) break;
      this.#timers[place] = other;
      place = below;
    }
    this.#timers[place] = last;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
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
