/** What a {@link Forecast} is made of. */
export interface ForecastOptions {
  readonly min: number;
  readonly max: number;
  /** How long a peak is remembered, in milliseconds. Default: ten minutes. */
  readonly window?: number;
}

const WINDOW = 600_000;
/** Parts that the window is remembered in. */
const PARTS = 10;
/** Containers beyond the highest demand of late, as a part of it. */
const SPARE = 0.25;

/**
 * How many containers a pool shall have. It keeps room for the most containers that were leased or waited for at one moment of the last ten
 * minutes, and a quarter more, within its least and its most. So it grows at once, before the pool is empty, and shrinks ten minutes after the
 * demand did. What it has when it begins counts as demand of that moment, so that a manager that has just started shrinks nothing.
 */
export class Forecast {
  readonly #peaks: { readonly since: number; most: number }[] = [];
  readonly #min: number;
  readonly #max: number;
  readonly #window: number;

  constructor({ min, max, window = WINDOW }: ForecastOptions) {
    this.#min = min;
    this.#max = Math.max(min, max);
    this.#window = window;
  }

  /** The pool has so many containers already. @param now milliseconds on any clock that only goes forward */
  begin(containers: number, now: number): void {
    this.observe(Math.floor(containers / (1 + SPARE)), now);
  }

  /** So many were leased or waited for. */
  observe(demand: number, now: number): void {
    const part = this.#window / PARTS;
    const last = this.#peaks.at(-1);
    if (last && now - last.since < part) last.most = Math.max(last.most, demand);
    else this.#peaks.push({ since: now, most: demand });
    while (this.#peaks[0] && now - this.#peaks[0].since > this.#window) this.#peaks.shift();
  }

  /** How many containers the pool shall have. */
  get size(): number {
    const peak = this.#peaks.reduce((most, one) => Math.max(most, one.most), 0);
    return Math.min(this.#max, Math.max(this.#min, Math.ceil(peak * (1 + SPARE))));
  }
}
