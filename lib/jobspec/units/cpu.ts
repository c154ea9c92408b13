/**
 * A share of processor time: MHz that a task may count on and exceed, or whole cores that are its own.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/resources
 * @example Cpu.mhz(500)
 */
export class Cpu {
  private constructor(
    /** The share in MHz, where it is one. */
    readonly mhz: number | undefined,
    /** The reserved cores, where there are any. */
    readonly cores: number | undefined,
  ) {
    Object.freeze(this);
  }

  /** A share in MHz. Nomad's default is 100. */
  static mhz(count: number): Cpu {
    return new Cpu(count, undefined);
  }

  /** Whole cores for this task alone. */
  static cores(count: number): Cpu {
    return new Cpu(undefined, count);
  }

  /** @internal As a server gives it back, with both figures. */
  static both(mhz: number | undefined, cores: number | undefined): Cpu {
    return new Cpu(mhz, cores);
  }

  toString(): string {
    return this.cores ? `${this.cores} cores` : `${this.mhz ?? 0} MHz`;
  }
}
