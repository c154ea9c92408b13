import type { Metrics } from "./metrics";
import type { Dependency, Pools } from "./pools";
import type { Running } from "./run-command";

/** A few at once, and no queue. */
export interface FewAtOnce {
  /** @throws what `refuse` makes, at once, where there are too many */
  run<T>(work: () => Promise<T>, refuse: () => Error): Promise<T>;
}

/** What the routes share. */
export interface ServiceParts {
  readonly pools: Pools;
  readonly metrics: Metrics;
  readonly running: Running;
  /** Jobs of their own, for commands that no container was free for. */
  readonly cold: FewAtOnce;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** What the service needs, and whether it answers. */
  readonly dependencies: () => Promise<readonly Dependency[]>;
  /** Work that nobody waits for; the service waits for it before it ends. */
  readonly inBackground: (work: Promise<unknown>) => void;
}

/** Allows so many at once. */
export function fewAtOnce(most: number): FewAtOnce {
  let running = 0;
  return {
    run: async (work, refuse) => {
      if (running >= most) throw refuse();
      running += 1;
      try {
        return await work();
      } finally {
        running -= 1;
      }
    },
  };
}
