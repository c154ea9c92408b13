import { numberInName, type NomadClient } from "../../lib/nomad";
import { NomadExecutor, type WarmPool } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { Proxy, type Passed } from "../support/proxy";
import { until } from "../support/until";
import { smallPool, TestPools } from "../support/warm-pools";

const cluster = clusterForSuite();
const job = smallPool({ size: 4 });
const pools = new TestPools(cluster);
let proxy: Proxy;
let direct: NomadClient;
let pool: WarmPool;

beforeAll(async () => {
  proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
  // Commands have a way of their own: this proxy knows no WebSockets.
  direct = pools.connections().nomad;
  const connections = pools.connections({ NOMAD_ADDR: await proxy.open() });
  pool = await pools.start({ ...connections, executor: new NomadExecutor(direct), job });
}, 60_000);
beforeEach(async () => {
  await pool.resize(4);
  await pool.until(({ free, leased }) => free === 4 && leased === 0, 60_000);
}, 60_000);
afterEach(() => {
  proxy.answer = () => undefined;
  proxy.loses = () => false;
});
afterAll(async () => {
  await pools.stopAll();
  await proxy.close();
}, 60_000);

/** Whether a request ends or counts containers. */
const ends = ({ method, path }: Passed) => method !== "GET" && /\/stop$|\/scale$/.test(path);

/** The first so many of them. */
function first(count: number) {
  let left = count;
  return (request: Passed) => ends(request) && (left -= 1) >= 0;
}

/** Containers that shall run, by their ids. */
async function running(): Promise<readonly string[]> {
  const all = await direct.allocations(job.id);
  return all.flatMap(({ ID, DesiredStatus }) => (DesiredStatus === "run" ? [ID] : [])).sort();
}

describe.each<[string, () => void]>([
  [
    "that Nomad refuses three times",
    () => {
      const isLost = first(3);
      proxy.answer = (request) => (isLost(request) ? 500 : undefined);
    },
  ],
  [
    "whose answers are lost three times",
    () => {
      proxy.loses = first(3);
    },
  ],
])("an end %s", (_, begin) => {
  test("of a container that is released is made all the same, and of no other", async () => {
    const others = [await pool.claim({ owner: "ann" }), await pool.claim({ owner: "bob" })];
    const held = await pool.claim({ owner: "eve" });
    begin();
    await pool.release(held.lease);
    await pool.until(({ free, leased }) => free === 2 && leased === 2, 60_000);
    const now = await running();
    expect(now).toHaveLength(4);
    expect(now).not.toContain(held.lease.slot);
    for (const { lease } of others) {
      expect(await pool.execute(lease, "echo stands")).toMatchObject({ stdout: "stands\n" });
      await pool.release(lease);
    }
  }, 90_000);

  test("while the pool shrinks ends nobody's container, and the pool has its size", async () => {
    const held = [await pool.claim({ owner: "ann" }), await pool.claim({ owner: "bob" })];
    begin();
    await pool.resize(1);
    for (const { lease } of held)
      expect(await pool.execute(lease, "echo stands")).toMatchObject({ stdout: "stands\n" });
    // What is leased is waited for, and those with higher numbers alone can go.
    await until("that what can go has gone", async () => {
      const left = (await direct.allocations(job.id)).filter(({ DesiredStatus }) => DesiredStatus === "run");
      const highest = left.reduce((most, { ID, Name }) => {
        const isHeld = held.some(({ lease }) => lease.slot === ID);
        return isHeld ? Math.max(most, numberInName(Name) ?? 0) : most;
      }, 0);
      return left.length === highest + 1;
    });
    for (const { lease } of held) {
      expect(await pool.execute(lease, "echo stands")).toMatchObject({ stdout: "stands\n" });
      await pool.release(lease);
    }
    await until("that one is left", async () => (await running()).length === 1);
    await pool.until(({ free, leased }) => free === 1 && leased === 0, 60_000);
    expect(await running()).toHaveLength(1);
  }, 120_000);
});
