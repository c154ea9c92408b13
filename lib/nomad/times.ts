/** The furthest moment that a date can hold, in milliseconds from 1970. https://tc39.es/ecma262/#sec-time-values-and-time-range */
const FURTHEST = 8.64e15;

/** Nanoseconds, in which Nomad counts all times, as milliseconds. */
export function millisecondsOf(nanoseconds: number): number {
  return nanoseconds / 1e6;
}

/**
 * A moment as Nomad counts it, in nanoseconds since 1970, as ISO 8601.
 *
 * @returns undefined where there is none, or one that no calendar has
 */
export function momentOf(nanoseconds: unknown): string | undefined {
  const milliseconds = typeof nanoseconds === "number" ? millisecondsOf(nanoseconds) : Number.NaN;
  return Math.abs(milliseconds) <= FURTHEST ? new Date(milliseconds).toISOString() : undefined;
}
