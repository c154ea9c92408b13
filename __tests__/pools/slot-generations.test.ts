import { consulConnection } from "../../lib/nomad";
import { ConsulStore, SlotPool, type SlotHandle } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { flat } from "../support/project";
import { Bundles } from "../support/sandboxes";
import { until } from "../support/until";
import type { SlotPoolProgram } from "./programs/slot-pool";

const cluster = clusterForSuite({ program: require.resolve("./programs/slot-pool.ts") });
const bundles = new Bundles();
const command = [process.execPath, bundles.file("lib/pools/sandbox/server/main.ts")] as const;
const pools: SlotPool[] = [];
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.stop()));
  bundles.remove();
});

async function run(...args: readonly string[]) {
  const said = await cluster.project.run(args, cluster.addresses);
  return { code: said.code, text: flat(said) };
}

async function deploy(program: SlotPoolProgram): Promise<void> {
  cluster.project.change({ command, ...program });
  const { code, text } = await run("deploy", "dev");
  expect({ code, text }).toEqual({ code: 0, text });
}

async function start(job: string): Promise<SlotPool> {
  const store = new ConsulStore(consulConnection(cluster.addresses));
  const pool = new SlotPool({ nomad: cluster.nomad, store, job, idle: 1000, checkInterval: 500 });
  pools.push(pool);
  await pool.start();
  return pool;
}

const LEASED = 20;

/** What stands in the slots of some leases. */
async function saidIn(pool: SlotPool, handles: readonly SlotHandle[]): Promise<readonly string[]> {
  const said = await Promise.all(handles.map((handle) => pool.execute(handle, "cat mine")));
  return said.map(({ stdout }) => stdout);
}

describe("a slot pool of 25 slots of which 20 are leased", () => {
  let pool: SlotPool;
  let handles: SlotHandle[];
  let id: string;
  const mine = Array.from({ length: LEASED }, (_, number) => `task ${number}\n`);
  /** The sandboxes of the leases, and how often their servers were started again. */
  const sandboxes = async () => {
    const leased = new Set(handles.map(({ allocation }) => allocation));
    return (await cluster.nomad.allocations(id))
      .filter(({ ID }) => leased.has(ID))
      .map(({ ClientStatus, TaskStates }) => `${ClientStatus} ${TaskStates["sandbox-server"]?.Restarts}`);
  };
  const untouched = Array.from({ length: 4 }, () => "running 0");

  beforeAll(async () => {
    await deploy({ generations: true });
    id = (await cluster.nomad.jobs("hermes-sandbox"))[0]?.ID ?? "";
    pool = await start(id);
    handles = await Promise.all(mine.map((_, number) => pool.acquire(`task ${number}`)));
    await Promise.all(handles.map((handle, number) => pool.execute(handle, `echo task ${number} > mine`)));
  }, 180_000);

  test("has grown to the sandboxes that it needs, and a deployment that changes nothing leaves them", async () => {
    expect(await sandboxes()).toEqual(untouched);
    await deploy({ generations: true });
    expect(await saidIn(pool, handles)).toEqual(mine);
    expect(await sandboxes()).toEqual(untouched);
  }, 60_000);

  test("a restart leaves it alone", async () => {
    const { code, text } = await run("restart", "dev");
    expect([code, text]).toEqual([0, expect.stringContaining("is left as it is")]);
    expect(await saidIn(pool, handles)).toEqual(mine);
  }, 60_000);

  test("shrinks by no sandbox that a lease is in", async () => {
    const extra = await Promise.all([1, 2, 3].map((number) => pool.acquire(`extra ${number}`)));
    await until("a fifth sandbox", () => pool.status().sandboxes.length >= 5);
    await Promise.all(extra.map((handle) => pool.release(handle)));
    await until("four again", () => pool.status().sandboxes.length === 4, 60_000);
    expect(await saidIn(pool, handles)).toEqual(mine);
    expect(await sandboxes()).toEqual(untouched);
  }, 90_000);

  test("a changed one with generations comes up beside it, and no lease ends", async () => {
    await deploy({ generations: true, slots: 3 });
    const ids = (await cluster.nomad.jobs("hermes-sandbox")).map((job) => job.ID);
    expect(ids).toHaveLength(2);
    const other = await start(ids.find((each) => each !== id) ?? "");
    const handle = await other.acquire("somebody");
    expect((await other.execute(handle, "echo other")).stdout).toBe("other\n");
    expect(await saidIn(pool, handles)).toEqual(mine);
    expect(await sandboxes()).toEqual(untouched);
    await other.release(handle);
    await Promise.all(handles.map((each) => pool.release(each)));
  }, 90_000);
});

describe("a slot pool with one id, of which slots are leased", () => {
  const fixed = { name: "one-id", slots: 2 };
  let pool: SlotPool;
  let handles: readonly SlotHandle[];
  const counts = async () => (await cluster.nomad.allocations("one-id")).map(({ ClientStatus }) => ClientStatus);

  beforeAll(async () => {
    await deploy(fixed);
    pool = await start("one-id");
    handles = await Promise.all(["ann", "bob", "eve"].map((owner) => pool.acquire(owner)));
    await Promise.all(handles.map((handle, number) => pool.execute(handle, `echo task ${number} > mine`)));
    cluster.project.change({ command, ...fixed, slots: 3 });
  }, 120_000);

  test("is not changed, and it is said how many leases that would end, whose, and the ways out", async () => {
    const preview = await run("preview", "dev");
    expect(preview.text).toContain("the change ends 3 leases of the pool one-id: ");
    const { code, text } = await run("deploy", "dev");
    expect([code, text]).toEqual([1, expect.stringContaining("the change ends 3 leases of the pool one-id: ")]);
    for (const word of ["of ann", "of bob", "of eve", "generations: true", "--end-leases"])
      expect(text).toContain(word);
    expect(handles.map(({ lease }) => text.includes(lease.claim))).toEqual([false, false, false]);
    expect(await saidIn(pool, handles)).toEqual(["task 0\n", "task 1\n", "task 2\n"]);
    expect(await counts()).toEqual(["running", "running"]);
  }, 60_000);

  test("is changed where somebody says so by name, and at once where nothing is leased", async () => {
    const ended = await run("deploy", "dev", "--end-leases");
    expect([ended.code, ended.text]).toEqual([0, expect.stringContaining("the change ends 3 leases")]);
    for (const handle of handles) await pool.release(handle);
    await deploy({ ...fixed, slots: 4 });
  }, 90_000);
});
