import { ExecutionLostError, NomadExecutor, PoolBusyError, type WarmPool, type LeasedContainer } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { failure } from "../support/failure";
import { forksAway, machineProcesses, nap, processesWith } from "../support/processes";
import { seeded } from "../support/slot-chaos";
import { TcpProxy } from "../support/tcp-proxy";
import { until } from "../support/until";
import { smallPool, TestPools } from "../support/warm-pools";

const SIZE = 6;
const cluster = clusterForSuite();
const pools = new TestPools(cluster);
let proxy: TcpProxy;
/** A manager whose way to Nomad is the proxy's. */
let pool: WarmPool;

beforeAll(async () => {
  proxy = new TcpProxy(cluster.addresses.NOMAD_ADDR);
  // A silence of 2 s is one that a test can wait for.
  const connections = pools.connections({ NOMAD_ADDR: await proxy.open() }, { silence: 2000 });
  const executor = new NomadExecutor(connections.nomad);
  pool = await pools.start({ ...connections, executor, job: smallPool({ size: SIZE }) });
  await pool.until(({ free }) => free === SIZE, 60_000);
}, 90_000);
afterAll(async () => {
  proxy.resume();
  await pools.stopAll();
  await proxy.close();
}, 60_000);

/** A command that runs for good, with children who do all that they can to outlive it. */
async function stubborn(held: LeasedContainer) {
  const seconds = nap();
  const running = failure(pool.execute(held.lease, `${forksAway(seconds)} sleep ${seconds}`));
  const left = () => processesWith(`sleep ${seconds}`).length;
  await until("that it runs", () => left() >= 6);
  return { running, left };
}

const all = () => pool.until(({ free }) => free === SIZE, 60_000);

test("a session that is cut under a command ends the command, and says so; its container goes on", async () => {
  const held = await pool.claim({ owner: "cut" });
  const { running, left } = await stubborn(held);
  expect(proxy.cut()).toBeGreaterThan(0);
  const error = await running;
  expect(error).toBeInstanceOf(ExecutionLostError);
  expect(String(error)).toContain("its processes are ended");
  expect(left()).toBe(0);
  expect(await pool.execute(held.lease, "ls -A; echo again")).toMatchObject({ stdout: "again\n" });
  await pool.release(held.lease);
  await all();
}, 60_000);

test("a session that falls silent is given up, and what it ran is ended before its container is replaced", async () => {
  const held = await pool.claim({ owner: "silent" });
  const { running, left } = await stubborn(held);
  proxy.hang();
  const error = await running;
  expect(error).toBeInstanceOf(ExecutionLostError);
  expect(String(error)).toContain("is not known");
  expect(left()).toBeGreaterThan(0);
  // Nobody has anything of a pool that is not seen.
  await until("that nothing is offered", () => pool.status().free === 0);
  expect(await failure(pool.claim({ owner: "next", timeout: 500 }))).toBeInstanceOf(PoolBusyError);
  proxy.resume();
  await pool.release(held.lease);
  await all();
  expect(left()).toBe(0);
  expect(pool.status().leased).toBe(0);
}, 120_000);

test("a claim and its command that are cancelled at any moment leave no lease, no container and no process", async () => {
  const random = seeded(20_261_125);
  const marks: string[] = [];
  const ends = new Map<string, number>();
  const once = async () => {
    const mark = nap();
    marks.push(mark);
    const gone = new AbortController();
    const timer = setTimeout(() => gone.abort(), Math.floor(random() ** 2 * 1500));
    let held: LeasedContainer | undefined;
    try {
      held = await pool.claim({ owner: "hasty", timeout: 20_000, signal: gone.signal });
      const command = `(setsid sleep ${mark} &); sleep ${mark}`;
      const { ended } = await pool.execute(held.lease, command, { signal: gone.signal });
      return ended;
    } catch (error) {
      if (gone.signal.aborted && error === gone.signal.reason) return "claim";
      throw error;
    } finally {
      clearTimeout(timer);
      if (held) await pool.release(held.lease);
    }
  };
  const caller = async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const end = await once();
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  expect([...ends.keys()].sort()).toEqual(["cancelled", "claim"]);
  expect([...ends.values()].reduce((sum, count) => sum + count)).toBe(200);
  await all();
  expect(pool.status()).toMatchObject({ leased: 0, queue: 0, free: SIZE });
  expect((await pool.book.list()).length).toBe(0);
  const running = machineProcesses().map(({ command }) => command);
  expect(running.filter((command) => marks.some((mark) => command.includes(`sleep ${mark}`)))).toEqual([]);
  const allocations = (await cluster.nomad.jobs(pool.pool)).map(({ ID }) => cluster.nomad.allocations(ID));
  const live = (await Promise.all(allocations)).flat().filter(({ ClientStatus }) => ClientStatus === "running");
  expect(live).toHaveLength(SIZE);
}, 150_000);
