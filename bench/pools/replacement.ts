import { connectedPool } from "../../__tests__/support/warm-pools";
import type { TestCluster } from "../../__tests__/support/cluster";
import type { WarmPool } from "../../lib/pools";
import type { Figure } from "../synthesis";
import { figure, milliseconds, percentiles } from "./figures";

const SIZE = 10;
const ROUNDS = 30;
const BURSTS = 5;

/** How long it takes until containers that were used are replaced, and those in their places can be claimed: one at a time, and all ten at once. */
export async function measureReplacement(cluster: TestCluster): Promise<readonly Figure[]> {
  const { pool, end } = await connectedPool(cluster, SIZE);
  try {
    await full(pool);
    const single = await measured(ROUNDS, () => replaced(pool, 1));
    const burst = await measured(BURSTS, () => replaced(pool, SIZE));
    console.log(`  one at a time: p50 ${milliseconds(single.p50)}, p99 ${milliseconds(single.p99)} of ${single.count}`);
    console.log(
      `  10 at once: p50 ${milliseconds(burst.p50)}, the longest of ${burst.count} ${milliseconds(burst.p99)}`,
    );
    return [
      figure("a stopped container is replaced and can be claimed, p50", single.p50, 1000, milliseconds),
      figure("10 stopped at once are replaced and can be claimed, p50", burst.p50, 2000, milliseconds),
    ];
  } finally {
    await end();
  }
}

async function full(pool: WarmPool): Promise<void> {
  await pool.until(({ free }) => free === SIZE, 60_000);
}

/** Milliseconds from the release to the moment that the pool is full again. */
async function replaced(pool: WarmPool, count: number): Promise<number> {
  const leased = await Promise.all(Array.from({ length: count }, (_, user) => pool.claim({ owner: `user ${user}` })));
  const begun = performance.now();
  await Promise.all(leased.map(({ lease }) => pool.release(lease)));
  await full(pool);
  return performance.now() - begun;
}

async function measured(rounds: number, run: () => Promise<number>) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await run());
  return percentiles(times);
}
