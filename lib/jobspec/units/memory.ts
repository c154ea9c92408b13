import { isKnown, scaled, ScaledToken, type Codec, type Resolvable } from "../engine";

/** Units of memory with their sizes in MiB, the largest first. */
const SIZES = [
  [1024, "GiB"],
  [1, "MiB"],
  [1 / 1024, "KiB"],
  [1 / 1024 ** 2, "bytes"],
] as const;

/**
 * An amount of memory or disk. Nomad counts both in MiB (its docs say MB; the scheduler multiplies by 1024²).
 *
 * @example Memory.mebibytes(256)
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/resources
 */
export class Memory {
  private constructor(
    /** The amount in MiB; NaN where only Terraform will know it, and where it was made of no number. */
    readonly mebibytes: number,
    /** @internal What tells the amount in MiB, where only Terraform will know it. */
    readonly unknown?: ScaledToken,
  ) {
    Object.freeze(this);
  }

  /**
   * So many bytes.
   *
   * @param count a whole number, or a token of one
   */
  static bytes(count: number | Resolvable): Memory {
    return Memory.of(scaled(count, 1 / 1024 ** 2));
  }

  /**
   * So many KiB, of 1024 bytes.
   *
   * @param count a whole number, or a token of one
   */
  static kibibytes(count: number | Resolvable): Memory {
    return Memory.of(scaled(count, 1 / 1024));
  }

  /**
   * So many MiB, of 1024 KiB: the unit of Nomad, which calls it MB.
   *
   * @param count a whole number, or a token of one
   */
  static mebibytes(count: number | Resolvable): Memory {
    return Memory.of(scaled(count, 1));
  }

  /**
   * So many GiB, of 1024 MiB.
   *
   * @param count a number, or a token of one
   */
  static gibibytes(count: number | Resolvable): Memory {
    return Memory.of(scaled(count, 1024));
  }

  private static of(size: number | ScaledToken): Memory {
    return size instanceof ScaledToken ? new Memory(NaN, size) : new Memory(size);
  }

  /** For people, in the largest unit that has no fraction: `512 MiB`, `2 GiB`. */
  toString(): string {
    if (this.unknown) return "an amount that is known when it is deployed";
    const [size, unit] = SIZES.find(([size]) => Number.isInteger(this.mebibytes / size)) ?? [1, "MiB"];
    return this.mebibytes === 0 ? "0 MiB" : `${this.mebibytes / size} ${unit}`;
  }

  /** As JSON it is its MiB, as in Nomad's API. */
  toJSON(): number | ScaledToken {
    return this.unknown ?? this.mebibytes;
  }
}

/** How amounts of memory are rendered and read. */
export const MEBIBYTES: Codec<Memory> = {
  kind: "mebibytes",
  wrong(value) {
    if (!(value instanceof Memory)) {
      return `expected a Memory, found ${String(value)}; write Memory.mebibytes(${typeof value === "number" ? value : 256})`;
    }
    if (!isKnown(value)) return undefined;
    if (Number.isNaN(value.mebibytes)) return "is made of what is no number; write Memory.mebibytes(256)";
    return Number.isSafeInteger(value.mebibytes)
      ? undefined
      : `${value.mebibytes} MiB is no whole number; write Memory.mebibytes(${Math.ceil(value.mebibytes) || 256})`;
  },
  toJson: (value) => value.toJSON(),
  fromJson: (json) => (typeof json === "number" && Number.isSafeInteger(json) ? Memory.mebibytes(json) : undefined),
};
