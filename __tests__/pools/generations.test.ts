import { Cpu, Memory, Resources } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { WarmPoolJob, type LeasedContainer, type WarmPool } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { flat } from "../support/project";
import { until } from "../support/until";
import { smallPool, statesOf, TestPools, UNTOUCHED, type PoolProgram } from "../support/warm-pools";

const cluster = clusterForSuite({ program: require.resolve("./programs/pool.ts") });
const pools = new TestPools(cluster);
afterAll(() => pools.stopAll());

const POOL = "warm-pool-openai";

async function command(...args: readonly string[]) {
  const said = await cluster.project.run(args, cluster.environment);
  return { code: said.code, text: flat(said) };
}

async function deploy(program: PoolProgram): Promise<void> {
  cluster.project.change(program);
  const { code, text } = await command("deploy", "dev");
  expect({ code, text }).toEqual({ code: 0, text });
}

async function jobs(): Promise<readonly string[]> {
  return (await cluster.nomad.jobs(POOL)).map(({ ID }) => ID).sort();
}

describe("a pool of 24 of which 20 are leased", () => {
  let pool: WarmPool;
  const leases: LeasedContainer[] = [];
  const untouched = Array.from({ length: 20 }, () => UNTOUCHED);

  beforeAll(async () => {
    await deploy({ size: 24 });
    pool = await pools.start({});
    await pool.until(({ free }) => free === 24, 60_000);
    for (let user = 0; user < 20; user += 1) leases.push(await pool.claim({ owner: `user ${user}` }));
  }, 180_000);

  test("has every lease on another container", async () => {
    expect(new Set(leases.map(({ lease }) => lease.slot)).size).toBe(20);
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
  });

  test("shrinks by what nobody leases, and no leased container ends", async () => {
    await pool.resize(3);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
    await pool.resize(24);
    await pool.until(({ free, coming }) => free === 4 && coming === 0, 30_000);
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
  }, 60_000);

  test("a deployment that changes nothing leaves the size that the pool has by then", async () => {
    await pool.resize(25);
    await pool.until(({ free }) => free === 5, 30_000);
    await deploy({ size: 24 });
    expect(await jobs()).toEqual([smallPool({ size: 24 }).id]);
    expect(pool.status()).toMatchObject({ leased: 20, target: 25 });
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
  }, 60_000);

  test("a restart leaves them alone, and says why and what to do", async () => {
    const { text, code } = await command("restart", "dev");
    expect([code, text]).toEqual([0, expect.stringContaining(`cdk-nomad pool recycle ${POOL}`)]);
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
  }, 60_000);

  test("a changed job comes up beside the old one, which gives out nothing any more", async () => {
    await deploy({ size: 3, priority: 41 });
    const fresh = smallPool({ size: 3, priority: 41 }).id;
    await pool.until(({ generations }) => generations.some(({ job, isCurrent }) => job === fresh && isCurrent), 30_000);
    await pool.until(({ free }) => free === 3, 30_000);
    const claimed = await pool.claim({ owner: "somebody" });
    expect(claimed.job).toBe(fresh);
    expect(await jobs()).toHaveLength(2);
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
    await pool.release(claimed.lease);
  }, 60_000);

  test("the old one goes with its last lease", async () => {
    const last = leases.pop() as LeasedContainer;
    for (const { lease } of leases) await pool.release(lease);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await jobs()).toHaveLength(2);
    expect(await statesOf(cluster.nomad, [last])).toEqual([UNTOUCHED]);
    await pool.release(last.lease);
    await until("the end of the old job", async () => (await jobs()).length === 1, 40_000);
    await pool.until(({ free, leased }) => free === 3 && leased === 0, 30_000);
    expect(await jobs()).toEqual([smallPool({ size: 3, priority: 41 }).id]);
    expect(pools.troubles).toEqual([]);
  }, 90_000);

  test("an old one that no node takes goes too", async () => {
    const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.gibibytes(4096) });
    const unplaced = new WarmPoolJob({ provider: "openai", size: 2, execution: { kind: "raw_exec" }, resources });
    await cluster.nomad.register(unplaced.toApi().Job as JobJson, 0);
    await pool.until(
      ({ generations }) => generations.some(({ job, isCurrent }) => job === unplaced.id && isCurrent),
      30_000,
    );
    await cluster.nomad.register(smallPool({ size: 2, priority: 42 }).toApi().Job as JobJson, 0);
    await until("the end of the old jobs", async () => (await jobs()).length === 1, 40_000);
    expect(await jobs()).toEqual([smallPool({ size: 2, priority: 42 }).id]);
  }, 90_000);
});
