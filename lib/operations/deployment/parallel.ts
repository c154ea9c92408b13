import { unlessAborted } from "../events";

/**
 * Runs several things at the same time, and ends all of them with the first that goes wrong: nobody goes on asking a cluster for something
 * that has failed already, nobody waits for one that hangs, and what is told is the cause, not what came of ending the others.
 *
 * @throws what went wrong first
 */
export async function inParallel<I, T>(
  items: readonly I[],
  signal: AbortSignal | undefined,
  run: (item: I, signal: AbortSignal) => Promise<T>,
): Promise<readonly T[]> {
  const failed = new AbortController();
  const ends = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  try {
    return await Promise.all(items.map((item) => unlessAborted(run(item, ends), ends)));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}
