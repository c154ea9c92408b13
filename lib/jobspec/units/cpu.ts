import { scaled, ScaledToken, type Resolvable } from "../engine";

/**
 * A share of processor time: MHz that a task may count on and exceed, or whole cores that are its own.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/resources
 * @example Cpu.mhz(500)
 */
export class Cpu {
  private constructor(
    /** The share in MHz, where it is one; NaN where only Terraform will know it. */
    readonly mhz: number | undefined,
    /** The reserved cores, where there are any; NaN where only Terraform will know how many. */
    readonly cores: number | undefined,
    /** @internal What tells the figure, where only Terraform will know it. */
    readonly unknown?: ScaledToken,
  ) {
    Object.freeze(this);
  }

  /**
   * A share in MHz. Nomad's default is 100.
   *
   * @param count a whole number, or a token of one
   */
  static mhz(count: number | Resolvable): Cpu {
    const share = scaled(count, 1);
    return share instanceof ScaledToken ? new Cpu(NaN, undefined, share) : new Cpu(share, undefined);
  }

  /**
   * Whole cores for this task alone.
   *
   * @param count a whole number, or a token of one
   */
  static cores(count: number | Resolvable): Cpu {
    const cores = scaled(count, 1);
    return cores instanceof ScaledToken ? new Cpu(undefined, NaN, cores) : new Cpu(undefined, cores);
  }

  /** Both figures, as a server gives them back. */
  static both(mhz: number | undefined, cores: number | undefined): Cpu {
    return new Cpu(mhz, cores);
  }

  /** For people: `500 MHz` or `2 cores`. */
  toString(): string {
    if (this.unknown) return "a share that is known when it is deployed";
    return this.cores ? `${this.cores} cores` : `${this.mhz ?? 0} MHz`;
  }
}
