import type { LeasedContainer } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { flat } from "../support/project";
import { cli } from "../support/run-cli";
import { statesOf, TestPools, UNTOUCHED } from "../support/warm-pools";
import type { PoolAndJobsProgram } from "./programs/pool-and-jobs";

// A pool that a program has no longer goes with its last lease, and with nobody's before: real leases of a real pool.

const POOL = "warm-pool-openai";
const JOBS = ["a", "b", "c"];
const cluster = clusterForSuite({ program: require.resolve("./programs/pool-and-jobs.ts") });
const { project } = cluster;
const pools = new TestPools(cluster);
let lease: LeasedContainer;

const program = (more: Partial<PoolAndJobsProgram>) =>
  project.change({ jobs: JOBS, ...more } satisfies PoolAndJobsProgram);
const run = (...args: readonly string[]) => cli(args, { cwd: project.folder });
const running = async () =>
  (await cluster.nomad.jobs()).filter(({ Stop }) => !Stop).map(({ ID }) => ID.slice(0, POOL.length));
const leaseState = async () => statesOf(cluster.nomad, [lease]);
const leased = async () => {
  const pool = await pools.start({});
  await pool.until(({ free }) => free > 0, 60_000);
  lease = await pool.claim({ owner: "ada" });
  return pool;
};

afterAll(() => pools.stopAll());

test("it is no stray as long as somebody leases it, --prune or not, and goes once nobody does", async () => {
  program({ size: 2 });
  expect((await run("deploy", "dev")).code).toBe(0);
  const pool = await leased();
  program({});
  const preview = await run("preview", "dev");
  expect([preview.code, flat(preview)]).toEqual([
    0,
    expect.stringMatching(/warm-pool-openai\S*: stays: 1 lease of it goes on/),
  ]);
  const drift = await run("drift", "dev");
  expect([drift.code, flat(drift)]).toEqual([
    0,
    expect.stringMatching(/is no longer in the program of dev, and stays: 1 lease of it goes on/),
  ]);
  for (const more of [[], ["--prune"]]) {
    const deployed = await run("deploy", "dev", "--json", ...more);
    expect([deployed.code, JSON.parse(deployed.stdout)]).toMatchObject([
      0,
      { strays: { stopped: [], kept: [{ reason: "1 lease of it goes on" }] } },
    ]);
    expect(await leaseState()).toEqual([UNTOUCHED]);
  }
  await pool.release(lease.lease);
  await pools.stop(pool);
  const deployed = await run("deploy", "dev", "--json");
  expect([deployed.code, JSON.parse(deployed.stdout)]).toMatchObject([0, { strays: { stopped: [{}], kept: [] } }]);
  expect((await running()).sort()).toEqual(JOBS);
});

test("destroy leaves all of the stack where somebody leases a pool of it; --end-leases ends the lease, and leaves nothing", async () => {
  program({ size: 2 });
  expect((await run("deploy", "dev")).code).toBe(0);
  const pool = await leased();
  const refused = await run("destroy", "dev", "--yes");
  expect([refused.code, flat(refused)]).toEqual([
    1,
    expect.stringMatching(/1 lease of it goes on \(ada\).*--end-leases/),
  ]);
  expect([await leaseState(), (await running()).sort()]).toEqual([[UNTOUCHED], [...JOBS, POOL]]);
  // A pool that the program has no longer is the stack's all the same.
  program({});
  expect((await run("destroy", "dev", "--yes")).code).toBe(1);
  expect(await leaseState()).toEqual([UNTOUCHED]);
  await pools.stop(pool);
  const gone = await run("destroy", "dev", "--yes", "--end-leases", "--json");
  expect([gone.code, JSON.parse(gone.stdout)]).toMatchObject([0, { record: "removed" }]);
  expect(await cluster.nomad.jobs()).toEqual([]);
  expect(await cluster.consul.keys("pools/")).toEqual([]);
  expect(await cluster.consul.keys("cdk-nomad/")).toEqual([]);
});
