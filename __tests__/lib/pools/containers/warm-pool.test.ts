import { setTimeout as sleep } from "node:timers/promises";
import type { Evaluation, NomadClient } from "../../../../lib/nomad";
import {
  monotonicClock,
  PoolBusyError,
  SlowStoreError,
  WarmPool,
  WarmPoolJob,
  type Execution,
  type Executor,
  type WarmPoolOptions,
} from "../../../../lib/pools";
import { ContainerView } from "../../../../lib/pools/containers/view";
import { WENT_WELL } from "../../../support/executor";
import { MemoryStore, StoreState } from "../../../support/memory-store";
import { NomadInMemory } from "../../../support/nomad-in-memory";
import { outcome } from "../../../support/simulated-pool";

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

/** A pool over a Nomad of which each list of allocations is handed over by the test. */
function poolOver(
  watchAllocations: (asked: number, ask: NomadClient["watchAllocations"]) => NomadClient["watchAllocations"],
) {
  const nomad = new NomadInMemory(new WarmPoolJob({ provider: "openai", size: 2 }));
  let asked = 0;
  const { client } = nomad;
  const watched: NomadClient["watchAllocations"] = (...args) =>
    watchAllocations((asked += 1), client.watchAllocations.bind(client))(...args);
  const store = new MemoryStore(new StoreState(), monotonicClock);
  const pool = new WarmPool({
    ...{ nomad: { ...client, watchAllocations: watched } as NomadClient, store, pool: NAME },
    executor: { execute: ran, wipe: () => Promise.resolve() },
  });
  started.push(pool);
  return pool;
}

test("a pool whose start fails after its leases are there is started by the next attempt", async () => {
  let hasFailed = false;
  const pool = poolOver((_asked, ask) => async (...args) => {
    // The leases' own objects are there once the book is: from then on the first list fails.
    if (!hasFailed && pool.book.isUpToDate) {
      hasFailed = true;
      throw new Error("connection reset");
    }
    return ask(...args);
  });
  await expect(pool.start()).rejects.toThrow("connection reset");
  await pool.start();
  await pool.until(({ free }) => free === 2, 5000);
  expect((await pool.claim({ owner: "ann" })).lease.owner).toBe("ann");
});

test("a look that is begun anew while somebody waits for the former one answers both", async () => {
  const begun: (() => void)[] = [];
  const view = new ContainerView({
    nomad: {
      ...new NomadInMemory(new WarmPoolJob({ provider: "openai", size: 2 })).client,
      watchAllocations: (_job: string, { signal }: { signal?: AbortSignal }) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener("abort", () => reject(new DOMException("This operation was aborted", "AbortError")));
          begun.push(() => resolve({ value: [], index: 20 }));
        }),
    } as unknown as NomadClient,
    ...{
      pool: NAME,
      clock: monotonicClock,
      random: Math.random,
      onTrouble: () => undefined,
      onChange: () => undefined,
    },
  });
  const both = [view.look(), undefined];
  while (begun.length < 1) await sleep(1);
  both[1] = view.refresh();
  while (begun.length < 2) await sleep(1);
  begun[1]?.();
  await Promise.all(both);
  expect(view.isUpToDate).toBe(true);
  view.stop();
  for (const answer of begun) answer();
});

const NAME = "warm-pool-openai";
const NO_ROOM = { ConstraintFiltered: {}, ClassFiltered: {}, QuotaExhausted: [], NodesEvaluated: 1 };
const ran = (): ReturnType<Executor["execute"]> => Promise.resolve({ ...WENT_WELL, isolation: "container" });
const started: WarmPool[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((pool) => pool.stop()));
});

/** A pool of containers that run, with what a test does otherwise. */
async function poolOf(
  containers: number,
  {
    running,
    execution,
    wipe = () => Promise.resolve(),
    ...options
  }: Partial<WarmPoolOptions> & {
    readonly running?: number;
    readonly execution?: Execution;
    readonly wipe?: Executor["wipe"];
  } = {},
) {
  const job = new WarmPoolJob({ provider: "openai", size: containers, execution });
  const nomad = new NomadInMemory(job, running ?? containers);
  const state = new StoreState();
  const store = new MemoryStore(state, monotonicClock);
  const troubles: string[] = [];
  const pool = new WarmPool({
    ...{ nomad: nomad.client, store, pool: NAME, executor: { execute: ran, wipe } },
    onTrouble: (message) => troubles.push(message),
    ...options,
  });
  started.push(pool);
  await pool.start();
  await pool.until(({ free }) => free === (running ?? containers), 5000);
  return { pool, nomad, state, store, troubles };
}

test("a claim that finds its owner's container still being emptied has another one in time", async () => {
  const { pool } = await poolOf(2, { reuse: "same-owner", wipe: (_place, options) => untilAborted(options?.signal) });
  const { lease } = await pool.claim({ owner: "ann" });
  void pool.release(lease).catch(() => undefined);
  await pool.until(({ free }) => free === 1, 1000);
  const claimed = await pool.claim({ owner: "ann", queue: false, timeout: 700 });
  expect(claimed.lease.slot).not.toBe(lease.slot);
});

test("a pool that is stopped while a container is emptied waits for no place that does not answer", async () => {
  const { pool, state, troubles } = await poolOf(1, {
    reuse: "same-owner",
    wipe: (_place, options) => untilAborted(options?.signal),
  });
  const { lease } = await pool.claim({ owner: "ann" });
  const released = pool.release(lease);
  while (pool.leaseOf(lease.slot)) await sleep(5);
  expect(await pool.stop()).toEqual([]);
  await released;
  // It is not called empty: another manager ends it.
  expect(state.written.some(({ value }) => value?.includes('"ending"'))).toBe(true);
  expect(troubles).toEqual([]);
});

test("whoever looks after a pool is told of a container that could not be emptied", async () => {
  const { pool, troubles } = await poolOf(1, {
    reuse: "same-owner",
    wipe: () => Promise.reject(new Error("the node is gone")),
  });
  const { lease } = await pool.claim({ owner: "ann" });
  await pool.release(lease);
  expect(troubles).toEqual([`${lease.slot} of ${NAME} could not be emptied and is replaced: the node is gone`]);
});

test("a claim whose time is over before the store was asked is told that the pool is busy", async () => {
  const { pool } = await poolOf(1);
  const { error } = await outcome(pool.claim({ owner: "ann", timeout: 0 }));
  expect(error).not.toBeInstanceOf(SlowStoreError);
  expect(error).toBeInstanceOf(PoolBusyError);
});

/** What is never done, and is given up. */
function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason as Error);
    signal?.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

test("a claim that the pool was drained under, while the store was asked about its user, gives nothing out", async () => {
  const execution = { kind: "raw_exec" } as const;
  const { pool, store, state } = await poolOf(2, { execution });
  const first = await pool.claim({ owner: "ann" });
  await pool.book.release(first.lease, { end: false });
  const [read, write] = [store.read.bind(store), store.write.bind(store)];
  let isClaimed = false;
  store.write = async (...change) => {
    isClaimed ||= change[0].includes("/slots/");
    return write(...change);
  };
  // Somebody drains the pool after the claim's write, and the answer about its user was on its way before.
  store.read = async (...asked) => {
    const found = await read(...asked);
    if (!isClaimed || found === undefined || !found.key.endsWith("/pool")) return found;
    isClaimed = false;
    const drained = { ...(JSON.parse(found.value) as object), draining: true };
    state.write(found.key, JSON.stringify(drained), found.version);
    while (!pool.status().draining) await sleep(5);
    return found;
  };
  const { error } = await outcome(pool.claim({ owner: "ann" }));
  expect(error?.message).toContain("it is drained");
  expect(pool.book.leases()).toEqual([]);
});

describe("a claim that finds no container", () => {
  const blocked = { Status: "blocked", FailedTGAllocs: { warm: { ...NO_ROOM, DimensionExhausted: { cpu: 1 } } } };

  test("that does not wait is answered also where Nomad does not say why, and asks it no more often for that", async () => {
    const { pool, nomad } = await poolOf(2, { running: 0 });
    nomad.evaluations = () => new Promise(() => undefined);
    const claims = Array.from({ length: 50 }, () => outcome(pool.claim({ owner: "ann", queue: false })));
    for (const { error } of await Promise.all(claims)) expect(error).toBeInstanceOf(PoolBusyError);
    expect(nomad.asked.evaluations).toBe(1);
  });

  test("says why, as far as it is known in its time", async () => {
    const { pool, nomad } = await poolOf(2, { running: 0 });
    nomad.evaluations = () => Promise.resolve([blocked as unknown as Evaluation]);
    const { error } = await outcome(pool.claim({ owner: "ann", timeout: 100 }));
    expect(error?.message).toContain("2 more of its containers find no node: cpu is exhausted on 1 node");
    const { error: atOnce } = await outcome(pool.claim({ owner: "ann", queue: false }));
    expect(atOnce?.message).toContain("cpu is exhausted on 1 node");
    expect(nomad.asked.evaluations).toBe(1);
  });
});
