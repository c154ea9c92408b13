import { SilenceError, SlowError } from "./failure";

/** Once its time is over, so many bytes must have come in each second since. */
const SLOWEST = 16 * 1024;

/**
 * Ends an answer that comes bit by bit, each within the time of a silence, and would take for ever. It counts what comes: a large answer over a
 * slow line has all the time that it takes.
 */
export class Pace {
  readonly #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #size = 0;

  /**
   * @param time how long it may take however little comes, in milliseconds; 0 for as long as it likes
   * @param fail called where it is over
   */
  constructor(
    private readonly time: number,
    private readonly fail: (error: SlowError) => void,
  ) {
    if (time > 0) this.wait(time);
  }

  /** Counts what comes. */
  async *counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#size += chunk.length;
      yield chunk;
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  private wait(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      const elapsed = performance.now() - this.#started;
      const left = this.time + (this.#size / SLOWEST) * 1000 - elapsed;
      if (left > 0) this.wait(left);
      else this.fail(new SlowError(elapsed, this.#size));
    }, milliseconds);
  }
}

/** A signal that is aborted where an answer has not begun within a time, also where no connection stands yet; what has begun is ended by the other one alone. */
export function beginningWithin(
  milliseconds: number,
  signal?: AbortSignal,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new SilenceError()), milliseconds);
  return { signal: AbortSignal.any(signal ? [late.signal, signal] : [late.signal]), end: () => clearTimeout(timer) };
}
