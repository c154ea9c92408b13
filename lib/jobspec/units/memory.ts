import { isDeferred } from "../engine";
import type { Codec } from "../engine";

/**
 * An amount of memory or disk. Nomad counts both in MiB (its docs say MB; the scheduler multiplies by 1024²).
 *
 * @example Memory.mebibytes(256)
 */
export class Memory {
  private constructor(
    /** The amount in MiB. */
    readonly mebibytes: number,
  ) {
    Object.freeze(this);
  }

  static mebibytes(count: number): Memory {
    return new Memory(count);
  }
  static gibibytes(count: number): Memory {
    return new Memory(count * 1024);
  }

  toString(): string {
    const gibibytes = this.mebibytes / 1024;
    return Number.isInteger(gibibytes) && gibibytes > 0 ? `${gibibytes} GiB` : `${this.mebibytes} MiB`;
  }

  /** As JSON it is its MiB, as in Nomad's API. */
  toJSON(): number {
    return this.mebibytes;
  }
}

/** How amounts of memory are rendered and read. */
export const MEBIBYTES: Codec<Memory> = {
  kind: "mebibytes",
  wrong(value) {
    if (!(value instanceof Memory)) {
      return `expected a Memory, found ${String(value)}; write Memory.mebibytes(${typeof value === "number" ? value : 256})`;
    }
    if (isDeferred(value.mebibytes)) return undefined;
    return Number.isSafeInteger(value.mebibytes)
      ? undefined
      : `${value.mebibytes} MiB is no whole number; write Memory.mebibytes(${Math.ceil(value.mebibytes) || 256})`;
  },
  toJson: (value) => value.mebibytes,
  fromJson: (json) => (typeof json === "number" && Number.isSafeInteger(json) ? Memory.mebibytes(json) : undefined),
};
