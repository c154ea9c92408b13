import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import {
  ConsulStore,
  ExecutionLostError,
  NomadExecutor,
  PoolBusyError,
  WarmPool,
  type LeasedContainer,
} from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { forksAway, machineProcesses, nap, processesWith } from "../support/processes";
import { seeded } from "../support/slot-chaos";
import { TcpProxy } from "../support/tcp-proxy";
import { until } from "../support/until";
import { smallPool } from "../support/warm-pools";

const SIZE = 6;
const cluster = clusterForSuite();
const closing: (() => Promise<unknown>)[] = [];
let proxy: TcpProxy;
/** A manager whose way to Nomad is the proxy's. */
let pool: WarmPool;

beforeAll(async () => {
  proxy = new TcpProxy(cluster.addresses.NOMAD_ADDR);
  pool = managerBy(await proxy.open());
  await pool.start();
  await pool.until(({ free }) => free === SIZE, 60_000);
}, 90_000);
afterAll(async () => {
  proxy.resume();
  await pool.stop();
  for (const close of closing.reverse()) await close();
  await proxy.close();
}, 60_000);

function managerBy(address: string): WarmPool {
  // A silence of 2 s is one that a test can wait for.
  const nomad = new NomadClient({ ...nomadConnection({}, address), silence: 2000 });
  const consul = new ConsulClient(consulConnection({}, cluster.addresses.CONSUL_HTTP_ADDR));
  const store = new ConsulStore(consulConnection({}, cluster.addresses.CONSUL_HTTP_ADDR));
  closing.push(
    () => nomad.close(),
    () => consul.close(),
    () => store.close(),
  );
  const job = smallPool({ size: SIZE });
  const executor = new NomadExecutor(nomad);
  return new WarmPool({ nomad, consul, store, executor, pool: job.pool, job, sharedWithoutIsolation: true });
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

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
  expect(await failure(pool.claim({ owner: "next", deadline: 500 }))).toBeInstanceOf(PoolBusyError);
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
      held = await pool.claim({ owner: "hasty", deadline: 20_000, signal: gone.signal });
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
