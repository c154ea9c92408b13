import type { ClaimTally, Metrics } from "./metrics";
import type { PoolFigures, Pools } from "./pools";
import type { PoolSample } from "./schemas";

/** Between two samples, in milliseconds. */
export const SAMPLED = 10_000;
/** Those of one hour. */
const KEPT = 360;

type Sample = Omit<PoolSample, "age"> & { readonly at: number };

/** How the pools did, over the last hour, as this process saw it: for charts. Whoever wants more asks /metrics, and keeps what that says. */
export class PoolHistory {
  readonly #samples = new Map<string, Sample[]>();
  readonly #timer: NodeJS.Timeout;

  /** @param now a monotonic clock, in milliseconds */
  constructor(
    private readonly pools: Pools,
    private readonly metrics: Metrics,
    private readonly now: () => number,
  ) {
    this.#timer = setInterval(() => void this.sample(), SAMPLED);
    this.#timer.unref();
  }

  /** Takes a sample of each pool. What cannot be known leaves a gap, and is not shown as none. */
  async sample(): Promise<void> {
    const figures = await this.figures();
    const known = new Map(figures.filter(({ upToDate }) => upToDate).map((each) => [each.pool, each]));
    const at = this.now();
    for (const pool of new Set([...this.#samples.keys(), ...figures.map((each) => each.pool)])) {
      const samples = this.#samples.get(pool) ?? [];
      samples.push(sampleOf(known.get(pool), this.metrics.takeTally(pool), at));
      this.#samples.set(pool, samples.slice(-KEPT));
    }
  }

  private async figures(): Promise<readonly PoolFigures[]> {
    try {
      return await this.pools.stats();
    } catch {
      return [];
    }
  }

  /** The samples of a pool, the oldest first. */
  of(pool: string): readonly PoolSample[] {
    const now = this.now();
    return (this.#samples.get(pool) ?? []).map(({ at, ...sample }) => ({ age: Math.round(now - at), ...sample }));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

function sampleOf(figures: PoolFigures | undefined, { warm, all, durations }: ClaimTally, at: number): Sample {
  const sorted = [...durations].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const p99 = quantile(sorted, 0.99);
  return {
    at,
    ...(figures ? countsOf(figures) : {}),
    claims: all,
    ...(all === 0 ? {} : { hitRate: warm / all }),
    ...(median === undefined ? {} : { median }),
    ...(p99 === undefined ? {} : { p99 }),
  };
}

function countsOf({ free, leased, coming, target, queue }: PoolFigures) {
  return { free, leased, coming, target, queue };
}

/** The least value that so large a part of all is at most. */
function quantile(sorted: readonly number[], part: number): number | undefined {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
  return value === undefined ? undefined : Math.round(value * 100) / 100;
}
