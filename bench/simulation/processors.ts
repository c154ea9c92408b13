import type { Clock } from "../../lib/pools";

/** The processors of a machine, in simulated time: work waits for one that is free, in its order. */
export class Processors {
  readonly #free: number[];
  /** Milliseconds that they have worked. */
  worked = 0;

  constructor(
    private readonly clock: Clock,
    private readonly count: number,
  ) {
    this.#free = Array.from({ length: count }, () => 0);
  }

  /**
   * Works for so long on one of them.
   *
   * @param notBefore a moment before which it cannot begin
   * @returns when it is done
   */
  plan(milliseconds: number, notBefore = 0): number {
    let first = 0;
    for (let other = 1; other < this.count; other += 1)
      if ((this.#free[other] ?? 0) < (this.#free[first] ?? 0)) first = other;
    const end = Math.max(this.clock.now(), notBefore, this.#free[first] ?? 0) + milliseconds;
    this.#free[first] = end;
    this.worked += milliseconds;
    return end;
  }

  /** The same, and waits until it is done. */
  async work(milliseconds: number): Promise<void> {
    await until(this.clock, this.plan(milliseconds));
  }
}

/** A process that does one thing at a time, as Node does, on processors that it shares with others. */
export class Thread {
  #free = 0;

  constructor(
    private readonly clock: Clock,
    private readonly processors: Processors,
  ) {}

  async work(milliseconds: number): Promise<void> {
    this.#free = this.processors.plan(milliseconds, this.#free);
    await until(this.clock, this.#free);
  }
}

function until(clock: Clock, moment: number): Promise<void> {
  return new Promise((resolve) => void clock.after(moment - clock.now(), resolve));
}
