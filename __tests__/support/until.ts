import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until something holds.
 *
 * @param what in words, for the error where it does not
 * @param limit milliseconds
 */
export async function until(what: string, holds: () => Promise<boolean> | boolean, limit = 60_000): Promise<void> {
  for (const end = Date.now() + limit; !(await holds()); await sleep(100)) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${limit / 1000} s`);
  }
}
