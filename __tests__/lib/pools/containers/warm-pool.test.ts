import { setTimeout as sleep } from "node:timers/promises";
import type { NomadClient } from "../../../../lib/nomad";
import { monotonicClock, WarmPool, type Executor } from "../../../../lib/pools";
import { MemoryStore, StoreState } from "../../../support/memory-store";

/** A Nomad without jobs that counts how often it is asked for them. */
function countingNomad() {
  const asked = { jobs: 0 };
  const nomad = {
    jobs: () => {
      asked.jobs += 1;
      return Promise.resolve([]);
    },
  } as unknown as NomadClient;
  return { nomad, asked };
}

const executor: Executor = {
  execute: () => Promise.reject(new Error("nothing runs here")),
  wipe: () => Promise.reject(new Error("nothing runs here")),
};

test("a pool that cannot be started is tried again without asking more each time, and leaves nothing when it is stopped", async () => {
  const { nomad, asked } = countingNomad();
  const store = new MemoryStore(new StoreState(), monotonicClock);
  // It may be read and not written, as by a token without that right.
  store.write = () => Promise.reject(new Error("permission denied"));
  const pool = new WarmPool({ nomad, store, executor, pool: "warm-pool-openai" });
  for (let turn = 0; turn < 4; turn += 1) await expect(pool.start()).rejects.toThrow("permission denied");
  const before = asked.jobs;
  await sleep(1600);
  expect(asked.jobs - before).toBeLessThanOrEqual(2);
  expect(await pool.stop()).toEqual([]);
  const after = asked.jobs;
  await sleep(1600);
  expect(asked.jobs).toBe(after);
});
