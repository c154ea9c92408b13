/** What a {@link Forecast} is made of. */
export interface ForecastOptions {
  readonly min: number;
  readonly max: number;
  /** How long a peak is remembered, in milliseconds. Default: five minutes. */
  readonly window?: number;
}

const WINDOW = 300_000;
/** Parts that the window is remembered in. */
const PARTS = 10;
/** Containers beyond the highest demand of late, as a part of its square root: by so much callers differ who come by chance. */
const SPREAD = 1.5;
/** Containers for those who come at once, in the second that a pool needs to grow, however small the demand is. */
const AT_ONCE = 2;

/**
 * How many containers a pool shall have. It keeps room for the most containers that were leased or waited for at one moment of the last five
 * minutes, one and a half times the square root of that, and two more, within its least and its most. So it grows at once, before the pool is empty, and
 * shrinks five minutes after the demand did. What it has when it begins counts as needed at that moment, so that a manager that has just started shrinks
 * nothing.
 *
 * It was chosen by having pools go through bursty days: `npm run bench -- simulation day`.
 */
export class Forecast {
  /** How many containers were needed, by parts of the window. */
  readonly #needs: { readonly since: number; most: number }[] = [];
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
    this.remember(containers, now);
  }

  /** So many were leased or waited for. */
  observe(demand: number, now: number): void {
    this.remember(demand === 0 ? 0 : Math.ceil(demand + SPREAD * Math.sqrt(demand)) + AT_ONCE, now);
  }

  /** How many containers the pool shall have. */
  get size(): number {
    const most = this.#needs.reduce((largest, one) => Math.max(largest, one.most), 0);
    return Math.min(this.#max, Math.max(this.#min, most));
  }

  private remember(containers: number, now: number): void {
    const part = this.#window / PARTS;
    const last = this.#needs.at(-1);
    if (last && now - last.since < part) last.most = Math.max(last.most, containers);
    else this.#needs.push({ since: now, most: containers });
    while (this.#needs[0] && now - this.#needs[0].since > this.#window) this.#needs.shift();
  }
}
