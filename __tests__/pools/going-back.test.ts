import { consulConnection, type JobJson } from "../../lib/nomad";
import { allocationOf, chooseGeneration, ConsulStore, SlotPool, type SlotHandle } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { flat } from "../support/project";
import { Bundles } from "../support/sandboxes";
import { until } from "../support/until";
import { smallPool, statesOf, TestPools, UNTOUCHED } from "../support/warm-pools";
import type { SlotPoolProgram } from "./programs/slot-pool";

const cluster = clusterForSuite({ program: require.resolve("./programs/slot-pool.ts") });
const bundles = new Bundles();
const command = [process.execPath, bundles.file("lib/pools/sandbox/server/main.ts")] as const;
const warmPools = new TestPools(cluster);
const slotPools: SlotPool[] = [];
const troubles: string[] = [];
afterAll(async () => {
  await Promise.all([warmPools.stopAll(), ...slotPools.map((pool) => pool.stop())]);
  bundles.remove();
});

const POOL = "hermes-sandbox";

async function run(...args: readonly string[]) {
  const said = await cluster.project.run(args, cluster.environment);
  return { code: said.code, text: flat(said) };
}

/** Deploys the pool with so many slots in a sandbox. @returns what was said */
async function deploy(slots: number): Promise<string> {
  cluster.project.change({ command, generations: true, slots } satisfies SlotPoolProgram);
  const { code, text } = await run("deploy", "dev");
  expect({ code, text }).toEqual({ code: 0, text });
  return text;
}

async function manager(): Promise<SlotPool> {
  const store = new ConsulStore(consulConnection(cluster.environment));
  const onTrouble = (message: string) => void troubles.push(message);
  const pool = new SlotPool({ nomad: cluster.nomad, store, pool: POOL, idle: 1000, checkInterval: 500, onTrouble });
  slotPools.push(pool);
  await pool.start();
  return pool;
}

async function jobs(pool: string): Promise<readonly string[]> {
  return (await cluster.nomad.jobs(pool)).map(({ ID }) => ID).sort();
}

/** What a job of the slot pool says of its size. */
async function boundsOf(id: string): Promise<object> {
  const job = (await cluster.nomad.job(id)) as {
    readonly TaskGroups?: readonly { readonly Scaling?: { readonly Min: number; readonly Max: number } }[];
  };
  const { Min, Max } = job.TaskGroups?.[0]?.Scaling ?? {};
  return { Min, Max };
}

describe("a slot pool that is deployed as it was before", () => {
  let pool: SlotPool;
  let kept: SlotHandle;
  let first: string;
  let second: string;
  const givesFrom = async (job: string, slots: number) => {
    await until(`leases from ${job}`, () => pool.status().job === job, 20_000);
    const handle = await pool.acquire("somebody");
    const { JobID } = (await cluster.nomad.allocation(allocationOf(handle.lease))) ?? { JobID: "" };
    await pool.release(handle);
    expect([JobID, pool.status().sandboxes.find((one) => one.job === job)?.slots]).toEqual([job, slots]);
    expect((await pool.execute(kept, "cat mine")).stdout).toBe("kept\n");
  };

  beforeAll(async () => {
    await deploy(2);
    [first = ""] = await jobs(POOL);
    pool = await manager();
    kept = await pool.acquire("kept");
    await pool.execute(kept, "echo kept > mine");
    await deploy(3);
    second = (await jobs(POOL)).find((id) => id !== first) ?? "";
    await givesFrom(second, 3);
  }, 120_000);

  test("gives leases from its old job again, and the other one goes", async () => {
    expect(await deploy(2)).toContain(`${POOL} gives leases from ${first} again`);
    await givesFrom(first, 2);
    await until("the end of the other job", async () => !(await jobs(POOL)).includes(second), 40_000);
    // A deployment that changes nothing chooses nothing either.
    expect(await deploy(2)).not.toContain("gives leases from");
  }, 90_000);

  test("is taken back by its name, until the next deployment", async () => {
    await deploy(3);
    await givesFrom(second, 3);
    const { code, text } = await run("rollback", "dev", "--job", POOL);
    expect({ code, text }).toEqual({ code: 0, text: expect.stringContaining(`gives leases from ${first} again`) });
    await givesFrom(first, 2);
    expect((await run("rollback", "dev", "--job", POOL, "--to", "0")).text).toContain("leave --to out");
  }, 90_000);

  test("has the minimum that was declared where its job was stopped already", async () => {
    await until("the end of the other job", async () => !(await jobs(POOL)).includes(second), 40_000);
    await deploy(3);
    await givesFrom(second, 3);
    await pool.release(kept);
    await pool.stop();
    // It goes, or is about to: whichever it is, the next deployment finds it as another one would have left it.
    const held = await cluster.nomad.job(first);
    if (held !== undefined) await cluster.nomad.register({ ...held, Stop: true } as JobJson);
    await deploy(2);
    pool = await manager();
    kept = await pool.acquire("kept");
    await pool.execute(kept, "echo kept > mine");
    await givesFrom(first, 2);
    expect([await boundsOf(first), pool.status().min]).toEqual([{ Min: 1, Max: 6 }, 1]);
    // A sandbox of the job that was stopped may have ended before its slot was to be emptied.
    expect(troubles.filter((text) => !/is not ended yet: the sandbox at/.test(text))).toEqual([]);
  }, 120_000);
});

test("a warm pool has the containers again that its old job had", async () => {
  const [before, after] = [smallPool({ size: 3 }), smallPool({ size: 2, priority: 41 })];
  const { store } = warmPools.connections();
  await cluster.nomad.register(before.toApi().Job as JobJson, 0);
  const pool = await warmPools.start({});
  await pool.until(({ free }) => free === 3, 40_000);
  // The one that Nomad would stop last: the others are in nobody's way.
  const all = await Promise.all(["a", "b", "c"].map((owner) => pool.claim({ owner })));
  const names = await Promise.all(all.map(async ({ lease }) => (await cluster.nomad.allocation(lease.slot))?.Name));
  const leased = all.find((_, at) => names[at]?.endsWith("[0]")) ?? all[0]!;
  for (const { lease } of all) if (lease !== leased.lease) await pool.release(lease);
  await pool.until(({ free }) => free === 2, 40_000);
  await cluster.nomad.register(after.toApi().Job as JobJson, 0);
  await pool.until(
    ({ generations }) => generations.some(({ job, isCurrent }) => job === after.id && isCurrent),
    20_000,
  );
  const countOf = (id: string) => pool.status().generations.find(({ job }) => job === id)?.count ?? 0;
  await until("that the old one shrinks", () => countOf(before.id) < 3, 30_000);
  const choice = { pool: before.pool, job: before.id };
  expect(await chooseGeneration(store, cluster.nomad, choice)).toBe("chosen");
  expect(await chooseGeneration(store, cluster.nomad, choice)).toBe("current");
  await pool.until(
    ({ free, generations }) => free === 2 && generations.length === 1 && countOf(before.id) === 3,
    60_000,
  );
  expect(await statesOf(cluster.nomad, [leased])).toEqual([UNTOUCHED]);
  expect((await pool.claim({ owner: "somebody" })).job).toBe(before.id);
  expect(warmPools.troubles).toEqual([]);
}, 150_000);
