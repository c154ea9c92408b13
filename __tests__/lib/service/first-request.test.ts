import { setTimeout as sleep } from "node:timers/promises";
import { monotonicClock, NomadManager, WarmPoolJob, type Executor } from "../../../lib/pools";
import { clusterPools } from "../../../lib/service";
import { runsNothing, WENT_WELL } from "../../support/executor";
import { MemoryStore, StoreState } from "../../support/memory-store";
import { NomadInMemory } from "../../support/nomad-in-memory";
import { until } from "../../support/until";

/** A service's pool of two containers, which answer their first command after a while. */
function poolsOf(executor: Executor, running = 2) {
  const nomad = new NomadInMemory(new WarmPoolJob({ provider: "openai", size: 2 }), running);
  return clusterPools({
    nomad: nomad.client,
    store: new MemoryStore(new StoreState(), monotonicClock),
    executor,
    pools: ["warm-pool-openai"],
    runtime: new NomadManager({ nomad: nomad.client, executor, execution: { kind: "raw_exec" } }),
    onTrouble: () => undefined,
  });
}
const POOL = "warm-pool-openai";
const slow: Executor = {
  ...runsNothing,
  execute: () => sleep(400, { ...WENT_WELL, isolation: "container" as const }),
};

test("a service is not ready, and refuses nobody for want of containers, before those that wait have answered", async () => {
  const pools = poolsOf(slow);
  try {
    const claim = () => pools.claim(POOL, { owner: "ann", wait: 0, signal: new AbortController().signal });
    const refused: string[] = [];
    let claimed = false;
    while (!claimed)
      await claim().then(
        () => (claimed = true),
        async (error: Error) => {
          const dependency = (await pools.dependencies()).find(({ name }) => name === `the pool ${POOL}`);
          refused.push(`${error.name}, ${dependency?.trouble === undefined ? "ready" : "not ready"}`);
          await sleep(10);
        },
      );
    expect([...new Set(refused)]).toEqual(["NoAnswerError, not ready"]);
  } finally {
    await pools.close();
  }
});

test("a pool that is known to have nothing makes the service ready, and says that it is busy", async () => {
  const pools = poolsOf(slow, 0);
  try {
    await until("it is ready", async () => {
      const found = await pools.dependencies();
      return found.find(({ name }) => name === `the pool ${POOL}`)?.trouble === undefined;
    });
    const claim = pools.claim(POOL, { owner: "ann", wait: 0, signal: new AbortController().signal });
    await expect(claim).rejects.toMatchObject({ name: "PoolBusyError" });
  } finally {
    await pools.close();
  }
});
