import { Cpu, Duration, Memory } from "../jobspec";
import { number, ts, type TypeScriptText } from "./code";

/** Something of the library that the written program uses. */
export interface Uses {
  use(name: string): TypeScriptText;
}

const LENGTHS = [
  [ts`days`, 86_400e9],
  [ts`hours`, 3_600e9],
  [ts`minutes`, 60e9],
  [ts`seconds`, 1e9],
  [ts`milliseconds`, 1e6],
] as const;

const WHOLE = [ts`mebibytes`, 1] as const;
/** Constructors of Memory with the sizes of their units in MiB. */
const SIZES = [[ts`gibibytes`, 1024], WHOLE, [ts`kibibytes`, 1 / 1024], [ts`bytes`, 1 / 1024 ** 2]] as const;

/** A value of a unit, in the largest unit in which it is whole. */
export function unit(value: unknown, uses: Uses): TypeScriptText | undefined {
  if (value instanceof Duration) return duration(value.nanoseconds, uses.use("Duration"));
  if (value instanceof Memory) {
    const [name, size] = [uses.use("Memory"), value.mebibytes];
    const [unitName, length] = SIZES.find(([, length]) => size !== 0 && Number.isInteger(size / length)) ?? WHOLE;
    return ts`${name}.${unitName}(${number(size / length)})`;
  }
  if (!(value instanceof Cpu)) return undefined;
  const name = uses.use("Cpu");
  const { mhz, cores } = value;
  if (mhz !== undefined && cores !== undefined) return ts`${name}.both(${number(mhz)}, ${number(cores)})`;
  return cores === undefined ? ts`${name}.mhz(${number(mhz ?? 0)})` : ts`${name}.cores(${number(cores)})`;
}

function duration(nanoseconds: number, name: TypeScriptText): TypeScriptText {
  if (nanoseconds === 0) return ts`${name}.zero`;
  // A day and a half is said in hours, and one day in days.
  const [unitName, size] = LENGTHS.find(([, length]) => nanoseconds % length === 0) ?? [ts`nanoseconds`, 1];
  return ts`${name}.${unitName}(${number(nanoseconds / size)})`;
}
