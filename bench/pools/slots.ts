import type { TestCluster } from "../../__tests__/support/cluster";
import { Bundles, RealSandboxes } from "../../__tests__/support/sandboxes";
import { until } from "../../__tests__/support/until";
import { consulConnection } from "../../lib/nomad";
import { ConsulStore, SlotPool } from "../../lib/pools";
import type { Figure } from "../synthesis";
import { figure, milliseconds, percentiles } from "./figures";

const SANDBOXES = 10;
const SLOTS = 10;
/** So that p50 and p99 are of a thousand. */
const ROUNDS = 10;

/**
 * A hundred tasks at once over ten sandboxes of ten slots: a claim, a command with a secret of the caller's own and its result, through a manager,
 * Nomad and Consul; and what each finds of the others.
 */
export async function measureSlots(cluster: TestCluster): Promise<readonly Figure[]> {
  const bundles = new Bundles();
  const real = new RealSandboxes(bundles);
  const figures: Figure[] = [];
  try {
    for (const { kind, goal } of [
      { kind: "user", goal: 300 },
      { kind: "bubblewrap", goal: 700 },
    ]) {
      const job = `slots-${kind}`;
      const args = ["--isolation", kind];
      await cluster.nomad.register(
        real.job({ id: job, count: SANDBOXES, min: SANDBOXES, max: SANDBOXES, slots: SLOTS, args }),
      );
      const pool = new SlotPool({
        nomad: cluster.nomad,
        store: new ConsulStore(consulConnection(cluster.environment)),
        job,
        token: real.token,
      });
      try {
        await pool.start();
        await until(`slots by ${kind}`, () => pool.status().free === SANDBOXES * SLOTS);
        figures.push(...(await measured(pool, kind, goal)));
      } finally {
        await pool.stop();
        await cluster.nomad.deregister(job, { purge: true });
      }
    }
  } finally {
    bundles.remove();
  }
  return figures;
}

async function measured(pool: SlotPool, kind: string, goal: number): Promise<readonly Figure[]> {
  const times: number[] = [];
  const taken: number[] = [];
  let strangers = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const slots = new Set<string>();
    const burst = Array.from({ length: SANDBOXES * SLOTS }, async (_, number) => {
      const began = performance.now();
      const handle = await pool.acquire(`task-${number}`);
      slots.add(handle.lease.slot);
      const secret = `secret-${round}-${number}`;
      const { stdout } = await pool.execute(handle, 'echo "$SECRET"', { secrets: { SECRET: secret } });
      // The first opens the connections.
      if (round > 0) times.push(performance.now() - began);
      return { handle, secret, isOwn: stdout === `${secret}\n` };
    });
    const handles = await Promise.all(burst);
    for (const { handle, secret, isOwn } of handles) {
      const { stdout } = await pool.execute(handle, 'ls -A; echo "$SECRET" | tee mine', {
        secrets: { SECRET: secret },
      });
      if (!isOwn || stdout !== `${secret}\n`) strangers += 1;
    }
    taken.push(slots.size);
    await Promise.allSettled(
      handles.map(async ({ handle }, number) => {
        try {
          if (number % 3 === 0) throw new Error("a task that fails");
        } finally {
          await pool.release(handle);
        }
      }),
    );
    await until("that all are free", () => pool.status().free === SANDBOXES * SLOTS);
    // Until each slot has a shell that waits again.
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  const { p50, p99, count } = percentiles(times);
  const fewest = Math.min(...taken);
  return [
    figure(
      `slot pool by ${kind}: claim to result with a secret, 100 at once, p99 of ${count} (p50 ${milliseconds(p50)})`,
      p99,
      goal,
      milliseconds,
    ),
    {
      what: `slot pool by ${kind}: slots that 100 tasks at once have, all released after errors`,
      value: String(fewest),
      goal: "100",
      reached: fewest === SANDBOXES * SLOTS,
    },
    {
      what: `slot pool by ${kind}: tasks that found another's files or had another's secret`,
      value: String(strangers),
      goal: "0",
      reached: strangers === 0,
    },
  ];
}
