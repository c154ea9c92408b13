import type { Figure } from "../synthesis";

/** Times of many. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

/** A figure that is to be below a limit. */
export function figure(what: string, value: number, limit: number, words: (value: number) => string): Figure {
  return { what, value: words(value), goal: `below ${words(limit)}`, reached: value < limit };
}
