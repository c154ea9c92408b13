import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until something holds.
 *
 * @param what in words, for the error where it does not
 * @param limit milliseconds; it ends what never happens, and is no measure of how fast something is
 * @param seen what is said beside it where it does not, such as what stood in its place
 */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  limit = 120_000,
  seen?: () => unknown,
): Promise<void> {
  for (const end = Date.now() + limit; !(await holds()); await sleep(100)) {
    if (Date.now() <= end) continue;
    const instead = seen ? `: ${JSON.stringify(await seen())}` : "";
    throw new Error(`${what} did not happen within ${limit / 1000} s${instead}`);
  }
}
