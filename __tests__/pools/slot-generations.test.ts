import { Cpu, Memory, Resources } from "../../lib/jobspec";
import { consulConnection } from "../../lib/nomad";
import {
  allocationOf,
  ConsulStore,
  SlotPool,
  SlotPoolJob,
  type SlotHandle,
  type SlotPoolByJob,
  type SlotPoolByName,
} from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { flat } from "../support/project";
import { Bundles } from "../support/sandboxes";
import { SlotWorkers } from "../support/slot-workers";
import { until } from "../support/until";
import type { SlotPoolProgram } from "./programs/slot-pool";

const cluster = clusterForSuite({ program: require.resolve("./programs/slot-pool.ts") });
const bundles = new Bundles();
const command = [process.execPath, bundles.file("lib/pools/sandbox/server/main.ts")] as const;
const pools: SlotPool[] = [];
const troubles: string[] = [];
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.stop()));
  bundles.remove();
});

async function run(...args: readonly string[]) {
  const said = await cluster.project.run(args, cluster.environment);
  return { code: said.code, text: flat(said) };
}

async function deploy(program: SlotPoolProgram): Promise<void> {
  cluster.project.change({ command, ...program });
  const { code, text } = await run("deploy", "dev");
  expect({ code, text }).toEqual({ code: 0, text });
}

async function start(props: SlotPoolByJob | SlotPoolByName): Promise<SlotPool> {
  const store = new ConsulStore(consulConnection(cluster.environment));
  const onTrouble = (message: string) => void troubles.push(message);
  const pool = new SlotPool({ nomad: cluster.nomad, store, ...props, idle: 1000, checkInterval: 500, onTrouble });
  pools.push(pool);
  await pool.start();
  return pool;
}

const POOL = "hermes-sandbox";

/** A job that a manager is given whole. */
function ownJob(name: string, slots: number): SlotPoolJob {
  const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(128) });
  const isolation = ["user", "none"] as const;
  return new SlotPoolJob({
    name,
    slots,
    min: 1,
    max: 2,
    driver: "raw_exec",
    isolation,
    resources,
    command,
    generations: true,
  });
}

/** The ids of the pool's jobs. */
async function jobs(): Promise<readonly string[]> {
  return (await cluster.nomad.jobs(POOL)).map(({ ID }) => ID);
}

/** The job that a slot is of. */
async function jobOf({ lease }: SlotHandle): Promise<string | undefined> {
  return (await cluster.nomad.allocation(allocationOf(lease)))?.JobID;
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
  let fresh: string;
  const mine = Array.from({ length: LEASED }, (_, number) => `task ${number}\n`);
  /** The sandboxes of the leases, and how often their servers were started again. */
  const sandboxes = async () => {
    const leased = new Set(handles.map(({ lease }) => allocationOf(lease)));
    return (await cluster.nomad.allocations(id))
      .filter(({ ID }) => leased.has(ID))
      .map(({ ClientStatus, TaskStates }) => `${ClientStatus} ${TaskStates["sandbox-server"]?.Restarts}`);
  };
  const numbers = new Map<string, number>();
  const numberOf = ({ lease }: SlotHandle) => numbers.get(allocationOf(lease)) ?? 0;
  const countOf = async (job: string) =>
    (await cluster.nomad.allocations(job)).filter(({ DesiredStatus }) => DesiredStatus === "run").length;
  const untouched = Array.from({ length: 4 }, () => "running 0");

  beforeAll(async () => {
    await deploy({ generations: true });
    id = (await jobs())[0] ?? "";
    pool = await start({ pool: POOL });
    handles = await Promise.all(mine.map((_, number) => pool.acquire(`task ${number}`)));
    await Promise.all(handles.map((handle, number) => pool.execute(handle, `echo task ${number} > mine`)));
    for (const { allocation, number } of pool.status().sandboxes) numbers.set(allocation, number);
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

  test("a changed one comes up beside it and gets all new leases of managers that run, and no lease ends", async () => {
    await deploy({ generations: true, slots: 3 });
    fresh = (await jobs()).find((each) => each !== id) ?? "";
    await until("that the manager sees it", () => pool.status().job === fresh, 20_000);
    const handle = await pool.acquire("somebody");
    expect(await jobOf(handle)).toBe(fresh);
    expect((await pool.execute(handle, "echo other")).stdout).toBe("other\n");
    expect(pool.status().generations).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ job: id, isCurrent: false, leased: LEASED }),
        expect.objectContaining({ job: fresh, isCurrent: true, leased: 1 }),
      ]),
    );
    await pool.release(handle);
    // Slots of the old one that nobody has are given to nobody, also where their manager was told its id.
    const other = await start({ job: id });
    const next = await other.acquire("somebody else");
    expect([other.pool, await jobOf(next)]).toEqual([POOL, fresh]);
    await other.release(next);
    expect(await saidIn(pool, handles)).toEqual(mine);
    expect(await sandboxes()).toEqual(untouched);
    expect((await run("pool", "status", POOL)).text).toContain("task 19");
  }, 90_000);

  test("the old one goes with its last lease, though two managers look after it, and one is killed", async () => {
    const workers = new SlotWorkers(bundles, {
      ...{ environment: cluster.environment, job: id, command: "true" },
      ...{ callers: 2, claims: 2, timeout: 30_000, holds: true },
    });
    try {
      const worker = workers.start();
      await until("that it has leases", () => workers.lines(worker).filter(({ kind }) => kind === "ran").length === 2);
      const [last, ...rest] = [...handles].sort((a, b) => numberOf(a) - numberOf(b));
      if (last === undefined) throw new Error("nothing is leased");
      await Promise.all(rest.map((handle) => pool.release(handle)));
      await until("that it begins to shrink", async () => (await countOf(id)) < 4, 40_000);
      await workers.kill(worker);
      await until(
        "that it has shrunk to its last lease",
        async () => (await countOf(id)) <= numberOf(last) + 1,
        40_000,
      );
      expect(await saidIn(pool, [last])).toEqual([`task ${handles.indexOf(last)}\n`]);
      expect(await jobs()).toHaveLength(2);
      await pool.release(last);
    } finally {
      await workers.close();
    }
    await until("the end of the old job", async () => (await jobs()).length === 1, 40_000);
    expect(await jobs()).toEqual([fresh]);
    await until("that nothing is leased", () => pool.status().leased === 0);
    const handle = await pool.acquire("afterwards");
    expect(await jobOf(handle)).toBe(fresh);
    await pool.release(handle);
    // Whoever has another job in hand leases what is deployed, and brings nothing.
    const stale = await start({ job: ownJob("hermes-sandbox", 4) });
    expect([stale.status().job, await jobs()]).toEqual([fresh, [fresh]]);
    expect(troubles).toEqual([]);
  }, 150_000);
});

test("a pool that nobody has deployed is that of the manager which was started last, and others follow it", async () => {
  const first = await start({ job: ownJob("own", 1) });
  const before = first.status().job;
  const kept = await first.acquire("first");
  await first.execute(kept, "echo kept > mine");
  const second = await start({ job: ownJob("own", 2) });
  const after = second.status().job;
  expect(after).not.toBe(before);
  await until("that the first one follows", () => first.status().job === after, 20_000);
  const handle = await first.acquire("second");
  expect([await jobOf(kept), await jobOf(handle)]).toEqual([before, after]);
  expect(await saidIn(first, [kept])).toEqual(["kept\n"]);
  await first.release(kept);
  await until("the end of the old job", async () => (await cluster.nomad.jobs("own")).length === 1, 40_000);
  await first.release(handle);
}, 90_000);

describe("a slot pool with one id, of which slots are leased", () => {
  const fixed = { name: "one-id", slots: 2 };
  let pool: SlotPool;
  let handles: readonly SlotHandle[];
  const counts = async () => (await cluster.nomad.allocations("one-id")).map(({ ClientStatus }) => ClientStatus);

  beforeAll(async () => {
    await deploy(fixed);
    pool = await start({ job: "one-id" });
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
    const destroyed = await run("destroy", "dev", "--yes");
    expect(destroyed).toMatchObject({ code: 1, text: expect.stringMatching(/3 leases of it go on \((ann|bob|eve), /) });
    expect(destroyed.text).toContain("cdk-nomad pool status one-id --watch");
    // Nobody can drain it.
    expect(destroyed.text).not.toContain("pool drain");
    expect(handles.map(({ lease }) => text.includes(lease.claim))).toEqual([false, false, false]);
    expect(await saidIn(pool, handles)).toEqual(["task 0\n", "task 1\n", "task 2\n"]);
    expect(await counts()).toEqual(["running", "running"]);
  }, 120_000);

  test("is changed where somebody says so by name, and at once where nothing is leased", async () => {
    const ended = await run("deploy", "dev", "--end-leases");
    expect([ended.code, ended.text]).toEqual([0, expect.stringContaining("the change ends 3 leases")]);
    for (const handle of handles) await pool.release(handle);
    await deploy({ ...fixed, slots: 4 });
  }, 90_000);
});
