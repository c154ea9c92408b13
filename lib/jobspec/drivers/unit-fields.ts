import {
  describe,
  int,
  isKnown,
  scaled,
  type ScaledToken,
  text,
  type Fault,
  type Field,
  type FieldOptions,
  type Part,
  type Resolvable,
} from "../engine";
import { Duration, Memory } from "../units";

/** How a driver writes a unit as a text. */
interface Notation<U> {
  readonly is: (value: unknown) => value is U;
  /** Undefined for an amount that only Terraform knows, and that it cannot write so. */
  readonly write: (value: U) => string | undefined;
  readonly read: (text: string) => U | undefined;
  /** What to write in TypeScript. */
  readonly example: string;
}

type UnitOrText<A extends string, U> = Field<U | string | Resolvable, U | string, false, Part<A, string>>;

/**
 * A unit that a driver reads as a text. A text is taken too, and stays as it is; read from a job, a text is a unit where that is written the same way
 * again.
 */
function noted<const A extends string, U>(api: A, options: FieldOptions, notation: Notation<U>): UnitOrText<A, U> {
  const plain = text(api, options) as Field<unknown, string, false, Part<A, string>>;
  const written = (value: U | string) => (notation.is(value) ? notation.write(value) : value);
  const fault = (value: U | string): Fault | undefined => {
    const own = written(value);
    if (own === undefined) return refused(`is an amount that cannot be written here; write ${notation.example}`);
    if (typeof own !== "string" && isKnown(own))
      return refused(`expected an amount, found ${describe(value)}; write ${notation.example}`);
    return plain.fault?.(own as string);
  };
  return {
    ...(plain as UnitOrText<A, U>),
    codec: undefined,
    fault,
    check(value, at) {
      const found = fault(value);
      if (found) at.report(found);
    },
    encode: (value, out) => plain.encode((written(value) ?? "") as string, out),
    decode(json, at) {
      const found = plain.decode(json, at);
      const unit = found === undefined ? undefined : notation.read(found);
      return unit !== undefined && notation.write(unit) === found ? unit : found;
    },
  };
}

function refused(message: string): Fault {
  return { rule: "field/type", message };
}

const TIME_UNITS: ReadonlyMap<number, string> = new Map([
  [1, "ns"],
  [1e6, "ms"],
  [1e9, "s"],
  [60e9, "m"],
  [3600e9, "h"],
]);

const GO_TIME: Notation<Duration> = {
  is: (value) => value instanceof Duration,
  write: (value) => (value.unknown ? tokenIn(value.unknown, TIME_UNITS) : value.toString()),
  read: (found) => Duration.parse(found),
  example: "Duration.minutes(5)",
};

/** In MiB, the largest first. */
const SIZE_UNITS: ReadonlyMap<number, string> = new Map([
  [1024, "g"],
  [1, "m"],
  [1 / 1024, "k"],
  [1 / 1024 ** 2, "b"],
]);

const SIZE: Notation<Memory> = {
  is: (value) => value instanceof Memory,
  write(value) {
    if (value.unknown) return tokenIn(value.unknown, SIZE_UNITS);
    const [size, unit] = [...SIZE_UNITS].find(([size]) => Number.isInteger(value.mebibytes / size)) ?? [];
    return size === undefined ? undefined : `${value.mebibytes / size}${unit}`;
  },
  read(found) {
    const [, count, unit] = /^(\d+)([bkmg])$/.exec(found) ?? [];
    const [size] = [...SIZE_UNITS].find(([, name]) => name === unit) ?? [];
    return count === undefined || size === undefined ? undefined : Memory.bytes(Number(count) * size * 1024 ** 2);
  },
  example: "Memory.mebibytes(64)",
};

/** A token with its unit behind it, which Terraform fills in; undefined where the notation has no such unit. */
function tokenIn({ token, factor }: ScaledToken, units: ReadonlyMap<number, string>): string | undefined {
  const unit = units.get(factor);
  return unit === undefined ? undefined : `${String(token)}${unit}`;
}

/** A length of time that a driver reads in Go's notation, `5m0s`. */
export function timeText<const A extends string>(api: A, options: FieldOptions = {}) {
  return noted(api, options, GO_TIME);
}

/** A size that a driver reads with its unit, `64m`. */
export function sizeText<const A extends string>(api: A, options: FieldOptions = {}) {
  return noted(api, options, SIZE);
}

/** What a driver counts a size in. */
const COUNTED_IN = { bytes: 1024 ** 2, mebibytes: 1 } as const;

/** A size that a driver reads as a number. A number is taken too, in the unit of the driver. */
export function size<const A extends string>(
  api: A,
  unit: keyof typeof COUNTED_IN,
  options: FieldOptions & { readonly min?: number } = {},
): Field<Memory | number | Resolvable, Memory, false, Part<A, number>> {
  const plain = int(api, options) as Field<unknown, unknown, false, Part<A, number>>;
  const perMebibyte = COUNTED_IN[unit];
  const count = ({ unknown, mebibytes }: Memory) =>
    unknown ? scaled(unknown.token, unknown.factor * perMebibyte) : mebibytes * perMebibyte;
  const memory = (value: number) => Memory[unit](value);
  return {
    ...(plain as Field<Memory, Memory, false, Part<A, number>>),
    codec: undefined,
    coerce: (value) => (typeof value === "number" ? memory(value) : (value as Memory)),
    encode: (value, out) => plain.encode(value instanceof Memory ? count(value) : value, out),
    decode(json, at) {
      const found = plain.decode(json, at);
      return typeof found === "number" ? memory(found) : undefined;
    },
    fault: (value) => plain.fault?.(value instanceof Memory ? count(value) : value),
    check: (value, at, context) => plain.check(value instanceof Memory ? count(value) : value, at, context),
  };
}
