import { isKnown, scaled, ScaledToken, type Codec, type Resolvable } from "../engine";

const UNITS = [
  ["h", 3_600_000_000_000],
  ["m", 60_000_000_000],
  ["s", 1_000_000_000],
  ["ms", 1_000_000],
  ["us", 1_000],
  ["ns", 1],
] as const;

/**
 * A length of time. Rendered as nanoseconds, which is what Nomad's API takes; written in HCL as `1m30s`.
 *
 * @example Duration.minutes(3)
 *
 * @see https://pkg.go.dev/time#ParseDuration
 */
export class Duration {
  static readonly zero = new Duration(0);

  private constructor(
    /** Its length in nanoseconds; NaN where only Terraform will know it, and where it was made of no number. */
    readonly nanoseconds: number,
    /** @internal What tells its length in nanoseconds, where only Terraform will know it. */
    readonly unknown?: ScaledToken,
  ) {
    Object.freeze(this);
  }

  /**
   * So many nanoseconds.
   *
   * @param count a whole number, or a token of one
   */
  static nanoseconds(count: number | Resolvable): Duration {
    return Duration.of(count, 1);
  }

  /**
   * So many milliseconds.
   *
   * @param count a number, or a token of one
   */
  static milliseconds(count: number | Resolvable): Duration {
    return Duration.of(count, 1e6);
  }

  /**
   * So many seconds: `Duration.seconds(1.5)`.
   *
   * @param count a number, or a token of one
   */
  static seconds(count: number | Resolvable): Duration {
    return Duration.of(count, 1e9);
  }

  /**
   * So many minutes.
   *
   * @param count a number, or a token of one
   */
  static minutes(count: number | Resolvable): Duration {
    return Duration.of(count, 60e9);
  }

  /**
   * So many hours.
   *
   * @param count a number, or a token of one
   */
  static hours(count: number | Resolvable): Duration {
    return Duration.of(count, 3600e9);
  }

  /**
   * So many days, of 24 hours each.
   *
   * @param count a number, or a token of one
   */
  static days(count: number | Resolvable): Duration {
    return Duration.of(count, 86400e9);
  }

  private static of(count: number | Resolvable, factor: number): Duration {
    const length = scaled(count, factor);
    return length instanceof ScaledToken ? new Duration(NaN, length) : new Duration(length);
  }

  /**
   * Reads Go's notation, `1h30m`, `1.5s`, `-2ms`.
   *
   * @returns undefined where the text is no duration
   */
  static parse(text: string): Duration | undefined {
    const trimmed = text.trim();
    const sign = trimmed.startsWith("-") ? -1 : 1;
    const body = trimmed.replace(/^[+-]/, "");
    if (body === "0") return Duration.zero;
    if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/.test(body)) return undefined;
    let total = 0;
    for (const [, number, unit] of body.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)) {
      total += Number(number) * (UNITS.find(([name]) => name === (unit === "µs" ? "us" : unit))?.[1] ?? 0);
    }
    return new Duration(sign * Math.round(total));
  }

  /** Its length in seconds, with fractions. */
  get seconds(): number {
    return this.nanoseconds / 1e9;
  }

  /** Its length in milliseconds, with fractions. */
  get milliseconds(): number {
    return this.nanoseconds / 1e6;
  }

  /** In Go's notation, `1m30s`: the form that HCL takes. */
  toString(): string {
    if (this.unknown) return "a time that is known when it is deployed";
    let rest = Math.abs(this.nanoseconds);
    if (rest === 0) return "0s";
    let out = this.nanoseconds < 0 ? "-" : "";
    for (const [unit, size] of UNITS) {
      const count = Math.floor(rest / size);
      if (count > 0) out += `${count}${unit}`;
      rest -= count * size;
    }
    return out;
  }

  /** As JSON it is its nanoseconds, as in Nomad's API. */
  toJSON(): number | ScaledToken {
    return this.unknown ?? this.nanoseconds;
  }
}

/** How durations are rendered and read. */
export const DURATION: Codec<Duration> = {
  kind: "duration",
  wrong(value) {
    if (!(value instanceof Duration)) {
      const read = typeof value === "string" ? Duration.parse(value) : undefined;
      const write = read ? `Duration.seconds(${read.seconds})` : "Duration.seconds(30)";
      return `expected a Duration, found ${typeof value === "string" ? JSON.stringify(value) : String(value)}; write ${write}`;
    }
    if (!isKnown(value)) return undefined;
    if (Number.isNaN(value.nanoseconds)) return "is made of what is no number; write Duration.seconds(30)";
    return Number.isInteger(value.nanoseconds)
      ? undefined
      : `${value.nanoseconds} ns is no whole number of nanoseconds; write Duration.milliseconds(…)`;
  },
  toJson: (value) => value.toJSON(),
  fromJson(json) {
    // A server reads nothing else: no text, and no number that does not fit into 64 bits.
    const fits = typeof json === "number" && Number.isInteger(json) && Math.abs(json) < 2 ** 63;
    return fits ? Duration.nanoseconds(json) : undefined;
  },
};
