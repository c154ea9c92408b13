import { Cpu, Duration, Memory } from "../jobspec";

/** Something of the library that the written program uses. */
export interface Uses {
  use(name: string): string;
}

/** A text as TypeScript: over several lines where it has them. */
export function text(value: string): string {
  if (!/\n./s.test(value) || /[^\n\t\u0020-\u007e\u00a0-\ufffd]/.test(value)) return JSON.stringify(value);
  return `\`${value.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``;
}

/** JSON as TypeScript: keys without quotes where they need none. */
export function json(value: unknown): string {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map(json).join(", ")}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{ ${entries.map(([name, item]) => `${key(name)}: ${json(item)}`).join(", ")} }`;
}

/** The name of a property. One that would set the prototype is computed, so that it is data. */
export function key(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

const LENGTHS = [
  ["days", 86_400e9],
  ["hours", 3_600e9],
  ["minutes", 60e9],
  ["seconds", 1e9],
  ["milliseconds", 1e6],
] as const;

/** A value of a unit, in the largest unit in which it is whole. */
export function unit(value: unknown, uses: Uses): string | undefined {
  if (value instanceof Duration) return duration(value.nanoseconds, uses.use("Duration"));
  if (value instanceof Memory) {
    const [name, size] = [uses.use("Memory"), value.mebibytes];
    return size > 0 && size % 1024 === 0 ? `${name}.gibibytes(${size / 1024})` : `${name}.mebibytes(${size})`;
  }
  if (!(value instanceof Cpu)) return undefined;
  const name = uses.use("Cpu");
  if (value.mhz !== undefined && value.cores !== undefined) return `${name}.both(${value.mhz}, ${value.cores})`;
  return value.cores === undefined ? `${name}.mhz(${value.mhz})` : `${name}.cores(${value.cores})`;
}

function duration(nanoseconds: number, name: string): string {
  if (nanoseconds === 0) return `${name}.zero`;
  // A day and a half is said in hours, and one day in days.
  const [unitName, size] = LENGTHS.find(([, length]) => nanoseconds % length === 0) ?? ["nanoseconds", 1];
  return `${name}.${unitName}(${nanoseconds / size})`;
}
