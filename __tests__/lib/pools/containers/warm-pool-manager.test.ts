import { setTimeout as sleep } from "node:timers/promises";
import { monotonicClock, WarmPoolJob, WarmPoolManager, type Executor } from "../../../../lib/pools";
import { runsNothing, WENT_WELL } from "../../../support/executor";
import { MemoryStore, StoreState } from "../../../support/memory-store";
import { NomadInMemory } from "../../../support/nomad-in-memory";

const made: WarmPoolManager[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((manager) => manager.stop()));
});

/** A manager of one pool of two containers. */
function managerOf(size = 2, { running = 2, executor = runsNothing }: { running?: number; executor?: Executor } = {}) {
  const nomad = new NomadInMemory(new WarmPoolJob({ provider: "openai", size: 2 }), running);
  const state = new StoreState();
  const store = new MemoryStore(state, monotonicClock);
  const manager = new WarmPoolManager({
    ...{ nomad: nomad.client, store, executor, deployed: size > 0, sizes: { openai: size } },
  });
  made.push(manager);
  const there = () => [...state.objects.keys()].filter((key) => key.includes("/managers/")).length;
  return { nomad, state, store, manager, there };
}

/** Something that waits until it is let go. */
function gate() {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
}

test.each(["the jobs are asked for", "the manager is made known"])(
  "a manager that is stopped while %s leaves nothing that goes on",
  async (moment) => {
    const { nomad, store, manager, there } = managerOf();
    const { closed, open } = gate();
    const write = store.write.bind(store);
    if (moment === "the jobs are asked for") nomad.answering = closed;
    else store.write = async (...change) => closed.then(() => write(...change));
    const starting = manager.initializePool("openai");
    await sleep(30);
    const stopping = manager.stop();
    await sleep(30);
    open();
    expect(await stopping).toEqual([]);
    await starting;
    expect(there()).toBe(0);
    const before = { ...store.asked, ...nomad.asked };
    await sleep(1500);
    expect({ ...store.asked, ...nomad.asked }).toEqual(before);
    expect(() => manager.pool("openai")).toThrow("is not started");
  },
);

test("a start that fails after the manager was stopped leaves the pool of the start after it alone", async () => {
  const { store, manager, there } = managerOf();
  const { closed, open } = gate();
  const read = store.read.bind(store);
  store.read = async () => closed.then(() => Promise.reject(new Error("permission denied")));
  const first = manager.initializePool("openai");
  await sleep(10);
  const stopping = manager.stop();
  store.read = read;
  await manager.initializePool("openai");
  open();
  await Promise.allSettled([first, stopping]);
  expect(manager.pool("openai").status().managers).toHaveLength(1);
  expect(there()).toBe(1);
});

test("a manager whose size is 0 leaves a pool that somebody drained as it is", async () => {
  const { state, manager } = managerOf(0);
  state.write("pools/warm-pool-openai/pool", JSON.stringify({ draining: true }), 0);
  await manager.initializePool("openai");
  expect(manager.pool("openai").status()).toMatchObject({ draining: true, target: 0 });
  await manager.replenishPool("openai");
  expect(manager.pool("openai").status()).toMatchObject({ draining: false, target: 0 });
});

/** Containers that answer their first command after a while. */
const answersAfter = (milliseconds: number): Executor => ({
  ...runsNothing,
  execute: () => sleep(milliseconds, { ...WENT_WELL, isolation: "container" as const }),
});

test("the first container is allocated by the first call after the start, though containers take a while to answer", async () => {
  const { manager } = managerOf(2, { executor: answersAfter(300) });
  await manager.initializePool("openai");
  expect(await manager.allocateContainer("openai", "dev")).toMatchObject({ status: "allocated" });
});

test("a start does not wait for what is not on its way", async () => {
  // No node has room: nothing of the pool is placed, or ever will be.
  const { manager } = managerOf(2, { running: 0, executor: answersAfter(60_000) });
  const began = manager.initializePool("openai");
  expect(await Promise.race([began, sleep(4000, "it waits")])).toBeUndefined();
  expect(await manager.allocateContainer("openai", "dev")).toBeNull();
});

test("a start goes on without containers that answer nothing, and ends with the manager", async () => {
  const executor: Executor = { ...runsNothing, execute: () => new Promise(() => undefined) };
  const [silent, stopped] = [managerOf(2, { executor }), managerOf(2, { executor })];
  const began = performance.now();
  const stopping = stopped.manager.initializePool("openai");
  await sleep(50);
  await stopped.manager.stop();
  await stopping;
  expect(performance.now() - began).toBeLessThan(4000);
  await silent.manager.initializePool("openai");
  expect(await silent.manager.allocateContainer("openai", "dev")).toBeNull();
}, 20_000);
