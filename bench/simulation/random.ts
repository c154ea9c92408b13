/** Numbers that are drawn from a seed: the same seed gives the same numbers. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1. By mulberry32, whose neighbouring seeds have nothing in common. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from 0 up to a limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** One of several. @throws where there is none */
  of<T>(all: readonly T[]): T {
    const one = all[this.below(all.length)];
    if (one === undefined) throw new Error("nothing can be drawn of none");
    return one;
  }

  /** The time between two of a Poisson process, or how long something lasts that forgets how long it has lasted already. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** A time that half of all are below, and 99 of 100 below another: what servers and networks take. */
  logNormal({ p50, p99 }: Quantiles): number {
    return p50 * Math.exp(this.normal() * (Math.log(p99 / p50) / Z99));
  }

  /** A time that most are just above, and few far beyond: how long people work. @param shape the smaller, the longer the longest; above 1 */
  pareto(mean: number, shape: number): number {
    return ((mean * (shape - 1)) / shape) * (1 - this.next()) ** (-1 / shape);
  }

  /** So many random bytes. */
  readonly bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => this.below(256));

  /** An id as Nomad's are. */
  id(): string {
    const hex = Buffer.from(this.bytes(16)).toString("hex");
    return [8, 12, 16, 20, 32].map((end, part) => hex.slice([0, 8, 12, 16, 20][part], end)).join("-");
  }

  private normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** What half, and all but one of a hundred, are below. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** What 99 of 100 of a normal distribution are below. */
const Z99 = 2.326;
