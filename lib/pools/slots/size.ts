/** What a slot pool is asked for at one moment. */
export interface Demand {
  /** Slots that are leased, by anybody. */
  readonly leased: number;
  /** Callers that wait for one, everywhere. */
  readonly waiting: number;
}

/** How a slot pool may be sized. */
export interface Bounds {
  /** The fewest sandboxes. */
  readonly min: number;
  /** The most sandboxes. */
  readonly max: number;
  /** Slots of one sandbox. */
  readonly slots: number;
}

/**
 * How many sandboxes a demand needs. It is counted from what everybody sees, and not from what there is: so it comes out the same for
 * every manager of the pool, however many of them ask for it at once, and twice in a row.
 *
 * @param failing sandboxes that are counted by the job and run nothing
 */
export function sandboxesFor({ leased, waiting }: Demand, { min, max, slots }: Bounds, failing = 0): number {
  const needed = Math.ceil((leased + waiting) / Math.max(1, slots)) + (waiting > 0 ? failing : 0);
  return Math.min(Math.max(needed, min), Math.max(min, max));
}

/** Remembers the highest demand of a while, so that a pool shrinks only after it was idle for that long. */
export class RecentPeak {
  readonly #seen: { readonly at: number; readonly needed: number }[];

  /**
   * @param window in milliseconds
   * @param now a monotonic clock, in milliseconds
   */
  constructor(
    private readonly window: number,
    private readonly now: () => number,
  ) {
    // Of the time before nothing is known: everything there is may have been needed.
    this.#seen = [{ at: now(), needed: Infinity }];
  }

  /** @returns the most sandboxes that were needed within the window, this moment included */
  add(needed: number): number {
    const at = this.now();
    // What is older and not larger is never the highest again.
    while ((this.#seen.at(-1)?.needed ?? Infinity) <= needed) this.#seen.pop();
    this.#seen.push({ at, needed });
    while ((this.#seen[0]?.at ?? at) < at - this.window) this.#seen.shift();
    return this.#seen[0]?.needed ?? needed;
  }
}
