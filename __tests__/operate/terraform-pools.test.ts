import type { LeasedContainer, WarmPool } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { cdktf, UNCHANGED, whyNoProviders } from "../support/terraform";
import { until } from "../support/until";
import { smallPool, statesOf, TestPools, UNTOUCHED, type PoolProgram } from "../support/warm-pools";

const reason = whyNoProviders();
if (reason !== undefined) console.log(`skipped: a pool that the real Terraform changes; ${reason}`);
const withProviders = reason === undefined ? describe : describe.skip;

const POOL = "warm-pool-openai";
const LEASED = 20;

withProviders("a pool that Terraform deploys, of 24 of which 20 are leased", () => {
  const cluster = clusterForSuite({ program: require.resolve("../pools/programs/pool.ts") });
  const { project } = cluster;
  const pools = new TestPools(cluster);
  const leases: LeasedContainer[] = [];
  const untouched = Array.from({ length: LEASED }, () => UNTOUCHED);
  let pool: WarmPool;

  const terraform = async (command: string, ...more: readonly string[]) => {
    const said = await cdktf(project.folder, [command, "dev", "--skip-provider-lock", ...more], cluster.environment);
    return { code: said.code, text: said.stdout + said.stderr };
  };
  const apply = async (program: PoolProgram) => {
    project.change(program);
    return terraform("deploy", "--auto-approve");
  };
  const plan = () => terraform("diff");
  const jobs = async () => (await cluster.nomad.jobs(POOL)).map(({ ID }) => ID).sort();
  const [before, after] = [
    { size: 24, priority: 40 },
    { size: 4, priority: 41 },
  ];

  beforeAll(async () => {
    expect(await apply(before)).toMatchObject({ code: 0, text: expect.stringContaining("Apply complete") as string });
    pool = await pools.start({});
    await pool.until(({ free }) => free === before.size, 60_000);
    for (let user = 0; user < LEASED; user += 1) leases.push(await pool.claim({ owner: `user ${user}` }));
  }, 180_000);

  afterAll(() => pools.stopAll());

  test("is planned without changes, also once its manager has scaled it, and no lease ends by an apply of the same", async () => {
    await pool.resize(25);
    await pool.until(({ free }) => free === 5, 30_000);
    expect((await plan()).text).toMatch(UNCHANGED);
    expect((await apply(before)).code).toBe(0);
    expect(await jobs()).toEqual([smallPool(before).id]);
    expect(pool.status()).toMatchObject({ leased: LEASED, target: 25 });
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
  }, 90_000);

  test("and is changed: the new one comes up beside it, what is leased goes on, and the next plan says no changes", async () => {
    const said = await apply(after);
    expect([said.code, said.text]).toEqual([0, expect.stringContaining("Apply complete")]);
    const fresh = smallPool(after).id;
    await pool.until(({ generations }) => generations.some(({ job, isCurrent }) => job === fresh && isCurrent), 30_000);
    await pool.until(({ free }) => free === after.size, 30_000);
    const claimed = await pool.claim({ owner: "somebody" });
    expect(claimed.job).toBe(fresh);
    await pool.release(claimed.lease);
    expect(await jobs()).toEqual([smallPool(before).id, fresh].sort());
    expect(await statesOf(cluster.nomad, leases)).toEqual(untouched);
    expect((await plan()).text).toMatch(UNCHANGED);
  }, 90_000);

  test("the old one goes when its last lease does, and the plan says no changes then too", async () => {
    const last = leases.pop() as LeasedContainer;
    for (const { lease } of leases) await pool.release(lease);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await jobs()).toHaveLength(2);
    expect(await statesOf(cluster.nomad, [last])).toEqual([UNTOUCHED]);
    await pool.release(last.lease);
    await until("the end of the old job", async () => (await jobs()).length === 1, 40_000);
    expect(await jobs()).toEqual([smallPool(after).id]);
    expect((await plan()).text).toMatch(UNCHANGED);
    expect(pools.troubles).toEqual([]);
  }, 90_000);

  test("destroy takes the pool away that is there", async () => {
    await pools.stopAll();
    expect((await terraform("destroy", "--auto-approve")).code).toBe(0);
    expect(await jobs()).toEqual([]);
  }, 60_000);
});
