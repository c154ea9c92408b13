import { performance } from "node:perf_hooks";

/** For how long the event loop may have worked without a pause before requests are refused, in milliseconds: so long those have waited, at most, who are heard now. */
const WORKED = 100;
/** A pause in which the loop caught up with everything, in milliseconds; it may be made of shorter ones. */
const PAUSE = 1;
/** How many are let in all the same in each stretch of so many milliseconds, so that some are always answered, however long it lasts. */
const ALWAYS = { requests: 8, each: 100 };
/** How many others are let in once more in each stretch, one request of each, where those places are taken: one who asks for too much keeps few from being answered. */
const OTHERS = 4;

/** The clocks that a loop's work is measured by, in milliseconds; neither goes back. */
export interface LoopClocks {
  readonly now: () => number;
  /** For how long the event loop had nothing to do until now. */
  readonly idle: () => number;
}

/** Those of this process. */
export const LOOP: LoopClocks = {
  now: () => performance.now(),
  idle: () => performance.nodeTiming.idleTime,
};

/**
 * Sheds load: while the event loop has worked for some time without a pause, few of those who only read are let in, and the rest of them are refused at once. As long as everything that comes can be
 * done there are pauses; when more comes, it is the work that was let in which everybody waits for, and a refusal costs next to nothing. Nothing has to be known of how much this machine can do.
 */
export class LoadShedding {
  #worksSince = 0;
  #idleThen = -Infinity;
  #stretchBegan = 0;
  #letIn = 0;
  /** Who was let in in this stretch, as far as that is known, and how many of them beyond the places that are always there. */
  readonly #owners = new Set<string>();
  #others = 0;

  /** @param clocks default: those of this process */
  constructor(private readonly clocks: LoopClocks = LOOP) {}

  /**
   * Whether another request is let in; one that is counts.
   *
   * @param ownerOf tells who asks, where that is known. It is asked where there is no moment alone
   */
  letsIn(ownerOf: () => string | undefined = () => undefined): boolean {
    const [now, idle] = [this.clocks.now(), this.clocks.idle()];
    if (idle - this.#idleThen >= PAUSE) {
      this.#idleThen = idle;
      this.#worksSince = now;
    }
    if (now - this.#worksSince < WORKED) return true;
    if (now - this.#stretchBegan >= ALWAYS.each) {
      this.#stretchBegan = now;
      this.#letIn = 0;
      this.#others = 0;
      this.#owners.clear();
    }
    return this.hasPlaceFor(ownerOf());
  }

  private hasPlaceFor(owner: string | undefined): boolean {
    this.#letIn += 1;
    if (this.#letIn > ALWAYS.requests) {
      if (owner === undefined || this.#owners.has(owner) || this.#others >= OTHERS) return false;
      this.#others += 1;
    }
    if (owner !== undefined) this.#owners.add(owner);
    return true;
  }
}
