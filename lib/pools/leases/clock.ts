import { UserError } from "../../errors";

/** What is known of time here: how long ago something was, and how to be woken later. There is no time of day in it, so that nobody compares clocks. */
export interface Clock {
  /** Milliseconds since some moment, on a clock that is never set. */
  now(): number;
  /**
   * Calls once, later.
   *
   * @param delay milliseconds
   * @param options `idle`: a process that has nothing else to do need not stay for it. Default: false
   * @returns forgets it
   */
  after(delay: number, run: () => void, options?: { readonly idle?: boolean }): () => void;
}

/** The longest time that can be waited for, in milliseconds: Node takes a longer one for none at all. */
const LONGEST = 2 ** 31 - 1;

/**
 * Checks a time that somebody wrote.
 *
 * @param name of what it is for
 * @param least in milliseconds
 * @throws UserError where it is none that can be waited for
 */
export function checkTime(name: string, milliseconds: number, least = 1): void {
  if (milliseconds >= least && milliseconds <= LONGEST) return;
  throw UserError.at(name, `${milliseconds} is no time; write milliseconds from ${least} to ${LONGEST}`, "pools/time");
}

/** Checks the times of a lease book. @throws UserError where one is none, or a lease would end between two heartbeats */
export function checkTimes(ttl: number, heartbeat: number): void {
  checkTime("ttl", ttl);
  checkTime("heartbeat", heartbeat);
  if (heartbeat < ttl) return;
  const message = `${heartbeat} ms is no less than the ttl, ${ttl} ms; write a fifth of it`;
  throw UserError.at("heartbeat", message, "pools/time");
}

/** Waits, no longer than until a signal is aborted; it never fails. */
export function pause(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      forget();
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const forget = clock.after(delay, wake);
    if (signal?.aborted) wake();
    else signal?.addEventListener("abort", wake);
  });
}

/** Waits until work is settled, or for a while, no longer than until a signal is aborted. @param limit milliseconds */
export async function settledWithin(
  clock: Clock,
  limit: number,
  work: Iterable<Promise<unknown>>,
  signal?: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const until = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  await Promise.race([Promise.allSettled(work), pause(clock, limit, until)]);
  over.abort();
}

/** The clock of this process. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (delay, run, { idle = false } = {}) => {
    const timer = setTimeout(run, delay);
    if (idle) timer.unref();
    return () => clearTimeout(timer);
  },
};
