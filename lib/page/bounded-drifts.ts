import pLimit from "p-limit";
import { HttpProblem } from "../service";
import type { Drift } from "./api";

/** Drifts at a time: each runs the program in a process of its own, and asks the cluster about all that a stack has. */
const AT_ONCE = 2;
/** How many may wait for those; whoever comes beyond them is told to ask again. */
const WAITING = 20;
/** When that is worth it, in seconds. */
const AGAIN = 10;

/**
 * Tells drift for as many as ask, a few at a time. Those who ask about one environment while the answer for it waits for its turn share that answer; one that has
 * begun already is nobody's who comes after it, since what they ask about may have changed meanwhile.
 */
export class BoundedDrifts {
  readonly #limit = pLimit(AT_ONCE);
  readonly #waiting = new Map<string, Promise<Drift>>();

  /** @param find finds the drift of an environment */
  constructor(private readonly find: (id: string) => Promise<Drift>) {}

  /** @throws HttpProblem where too many wait already */
  async of(id: string): Promise<Drift> {
    const waiting = this.#waiting.get(id);
    if (waiting) return waiting;
    // What has been given to it and begins in a moment counts as waiting still.
    if (this.#limit.activeCount + this.#limit.pendingCount >= AT_ONCE + WAITING)
      throw new HttpProblem("rate-limited", `drift of ${WAITING} environments waits for its turn already; ask again`, {
        retryAfter: AGAIN,
      });
    const found = this.#limit(async () => {
      this.#waiting.delete(id);
      return this.find(id);
    });
    this.#waiting.set(id, found);
    return found;
  }
}
