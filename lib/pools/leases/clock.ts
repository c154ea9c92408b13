/** What is known of time here: how long ago something was, and how to be woken later. There is no time of day in it, so that nobody compares clocks. */
export interface Clock {
  /** Milliseconds since some moment, on a clock that is never set. */
  now(): number;
  /**
   * Calls once, later.
   *
   * @param delay milliseconds
   * @returns forgets it
   */
  after(delay: number, run: () => void): () => void;
}

/** The clock of this process. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};
