import {
  LeaseEndedError,
  NomadExecutor,
  NomadStore,
  PoolBusyError,
  type LeasedContainer,
  type WarmPool,
  type WarmPoolOptions,
} from "../../lib/pools";
import { nomadConnection } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { failure } from "../support/failure";
import { nap, processesWith } from "../support/processes";
import { until } from "../support/until";
import { smallPool, TestPools } from "../support/warm-pools";

const cluster = clusterForSuite();
const pools = new TestPools(cluster);
const POOL = "warm-pool-openai";

/** Every test begins with a cluster that has no pool, and a store that knows of none. */
afterEach(async () => {
  await pools.stopAll();
  await cluster.purge();
  await cluster.ask("consul", "/v1/kv/pools?recurse", { method: "DELETE" });
}, 60_000);

/** A pool of so many, all of which are free. */
async function filled(size: number, options: Partial<WarmPoolOptions> = {}): Promise<WarmPool> {
  const pool = await pools.start({ job: smallPool({ size }), ...options });
  await pool.until(({ free }) => free === size, 60_000);
  return pool;
}

/** With commands that are run. */
function running(): Partial<WarmPoolOptions> {
  const connections = pools.connections();
  return { ...connections, executor: new NomadExecutor(connections.nomad) };
}

/** Containers of the pool that shall run: their ids, by the numbers in their names. */
async function containers(): Promise<ReadonlyMap<number, string>> {
  const jobs = (await cluster.nomad.jobs(POOL)).map(({ ID }) => ID);
  const all = (await Promise.all(jobs.map((job) => cluster.nomad.allocations(job)))).flat();
  const wanted = all.filter(({ DesiredStatus }) => DesiredStatus === "run");
  return new Map(wanted.map(({ ID, Name }) => [Number(/\[(\d+)\]$/.exec(Name)?.[1]), ID]));
}

async function ids(): Promise<readonly string[]> {
  return [...(await containers()).values()].sort();
}

async function stateOf({ lease }: LeasedContainer): Promise<string> {
  const found = await cluster.nomad.allocation(lease.slot);
  return `${found?.DesiredStatus} ${found?.ClientStatus}`;
}

const RUNS = "run running";
describe("a container that is kept for its owner", () => {
  test("is empty, is the owner's alone, and is out of reach for whoever has the lease from before", async () => {
    const pool = await filled(2, { ...running(), reuse: "same-owner" });
    const other = await pools.start(running());
    const before = await pool.claim({ owner: "ada" });
    const [mark, seconds] = [`mark-${nap()}`, nap()];
    await pool.execute(before.lease, `echo ${mark} > file; mkdir -p sub/sub; (setsid sleep ${seconds} &) ; true`);
    const command = pool
      .execute(before.lease, `sleep ${seconds}`, { secrets: { SECRET: mark } })
      .catch((e: unknown) => e);
    await until("its start", () => processesWith(`sleep ${seconds}`).length > 0);
    await pool.release(before.lease);
    expect(await command).toBeInstanceOf(LeaseEndedError);
    await until("the end of its processes", () => processesWith(`sleep ${seconds}`).length === 0);

    for (const manager of [pool, other]) {
      expect(await failure(manager.execute(before.lease, "true"))).toBeInstanceOf(LeaseEndedError);
      expect(await failure(manager.release(before.lease))).toBeInstanceOf(LeaseEndedError);
      expect(await failure(manager.adopt(before.lease))).toBeInstanceOf(LeaseEndedError);
    }
    const foreign = await pool.claim({ owner: "eve" });
    expect(foreign.lease.slot).not.toBe(before.lease.slot);

    const after = await pool.claim({ owner: "ada" });
    expect(after.lease).toMatchObject({ slot: before.lease.slot, generation: before.lease.generation + 1 });
    expect(await pool.execute(after.lease, "ls -A; env")).toMatchObject({
      exitCode: 0,
      stdout: expect.not.stringMatching(new RegExp(`${mark}|^file$|^sub$`, "m")) as string,
    });
    expect(await failure(pool.execute(before.lease, "true"))).toBeInstanceOf(LeaseEndedError);
    expect(await stateOf(after)).toBe(RUNS);
  }, 60_000);

  test("goes to others once they wait, after it was replaced", async () => {
    const pool = await filled(1, { ...running(), reuse: "same-owner" });
    const before = await pool.claim({ owner: "ada" });
    await pool.release(before.lease);
    expect([pool.status().free, await stateOf(before)]).toEqual([0, RUNS]);
    const next = await pool.claim({ owner: "eve", timeout: 30_000 });
    expect(next.lease.slot).not.toBe(before.lease.slot);
  }, 60_000);
});

test("drain: no new leases, what is free ends now and what is leased with its lease; fill brings it back", async () => {
  const pool = await filled(3);
  const before = await ids();
  const low = await pool.claim({ owner: "ada" });
  expect(await pool.drain()).toBe(1);
  expect(await failure(pool.claim({ owner: "eve" }))).toBeInstanceOf(PoolBusyError);
  const number = [...(await containers())].find(([, id]) => id === low.lease.slot)?.[0] ?? 0;
  await until("the end of those above it", async () => (await containers()).size === number + 1);
  expect([pool.status().draining, pool.status().leased, await stateOf(low)]).toEqual([true, 1, RUNS]);
  await pool.release(low.lease);
  await until("the end of all", async () => (await containers()).size === 0);
  // A manager that starts meanwhile does not bring it back.
  await pools.start({ job: smallPool({ size: 3 }) });
  expect(await ids()).toEqual([]);
  await pool.fill();
  await pool.until(({ free, draining }) => free === 3 && !draining, 30_000);
  for (const id of await ids()) expect(before).not.toContain(id);
}, 90_000);

test("drain is true of every manager once it returns, whoever claims at that moment", async () => {
  const pool = await filled(4);
  const other = await pools.start({});
  for (let round = 0; round < 3; round += 1) {
    await pool.fill();
    await other.until(({ free, draining }) => free === 4 && !draining, 30_000);
    let over = Number.POSITIVE_INFINITY;
    const late: number[] = [];
    let claimed = 0;
    let isOver = false;
    // They claim and give back all the time, so that a claim is under way at each moment.
    const claimants = Array.from({ length: 3 }, async (_, number) => {
      while (!isOver) {
        const held = await other.claim({ owner: `o${number}`, queue: false }).catch(() => undefined);
        if (held && performance.now() > over) late.push(performance.now() - over);
        if (held) await other.book.release(held.lease, { end: false }).catch(() => undefined);
        if (held) claimed += 1;
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await pool.drain();
    over = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    isOver = true;
    await Promise.all(claimants);
    expect([late, claimed > 10]).toEqual([[], true]);
  }
}, 120_000);

test("recycle: what is free is replaced now, what is leased with its lease, and the pool goes on serving", async () => {
  const pool = await filled(3, { ...running(), reuse: "same-owner" });
  const before = await ids();
  const [held, kept] = [await pool.claim({ owner: "ada" }), await pool.claim({ owner: "eve" })];
  await pool.release(kept.lease);
  await pool.recycle();
  await until("new ones", async () => (await ids()).filter((id) => before.includes(id)).length === 1, 30_000);
  expect(await stateOf(held)).toBe(RUNS);
  expect(await pool.execute(held.lease, "echo here")).toMatchObject({ stdout: "here\n" });
  const next = await pool.claim({ owner: "eve", timeout: 30_000 });
  expect(before).not.toContain(next.lease.slot);
  await pool.release(held.lease);
  await until("the last one's end", async () => (await ids()).every((id) => !before.includes(id)), 30_000);
  const { free, coming } = pool.status();
  expect(free + coming).toBeGreaterThan(0);
}, 90_000);

test("a pool without isolation serves another user once all that the one before could reach was replaced", async () => {
  const job = smallPool({ size: 2, shared: false });
  const pool = await filled(2, { job });
  // Another manager, which was told nothing: the job says it.
  const other = await pools.start({});
  const lease = await pool.claim({ owner: "ada" });
  await pool.recycle();
  await pool.until(({ free, coming }) => free === 1 && coming === 0, 30_000);
  expect(String(await failure(other.claim({ owner: "eve" })))).toContain("serves another user");
  await pool.release(lease.lease);
  await pool.until(({ free }) => free === 2, 30_000);
  // Nobody has a lease; but one that was there meanwhile is still there.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(String(await failure(other.claim({ owner: "eve" })))).toContain("serves another user");
  await other.recycle();
  await until("that eve is served", async () => {
    const claimed = await other.claim({ owner: "eve", timeout: 1000 }).catch(() => undefined);
    return claimed !== undefined;
  });
  expect(String(await failure(pool.claim({ owner: "ada" })))).toContain("serves another user");
  expect(pool.status().leased).toBeLessThanOrEqual(1);
}, 90_000);

test("what is too old is replaced, a part at a time, and what is leased is left alone", async () => {
  const pool = await filled(4, { maxAge: 4000 });
  const before = await ids();
  const lease = await pool.claim({ owner: "ada" });
  let fewest = 4;
  await until("new ones", async () => {
    const now = await ids();
    fewest = Math.min(fewest, now.length);
    return now.filter((id) => before.includes(id)).length === 1;
  });
  expect([await stateOf(lease), pool.status().leased]).toEqual([RUNS, 1]);
  expect(before.filter((id) => id !== lease.lease.slot)).not.toContain((await pool.claim({ owner: "eve" })).lease.slot);
  expect(fewest).toBeGreaterThanOrEqual(3);
}, 60_000);

test("an unhealthy container is never given out, and replaced when it stays so; a leased one is left alone", async () => {
  const pool = await filled(3, { healthyWithin: 3000 });
  const leased = await pool.claim({ owner: "ada" });
  const [ill = ""] = (await ids()).filter((id) => id !== leased.lease.slot);
  for (const id of [ill, leased.lease.slot]) {
    const found = (await cluster.consul.instances(POOL)).find(({ Service }) => Service.ID.includes(id));
    const check = { ID: `ill-${id}`, Name: "ill", ServiceID: found?.Service.ID, TTL: "1h", Status: "critical" };
    const made = await cluster.ask("consul", "/v1/agent/check/register", {
      method: "PUT",
      body: JSON.stringify(check),
    });
    expect(made.status).toBe(200);
  }
  await pool.until(({ free }) => free === 1, 10_000);
  const one = await pool.claim({ owner: "eve" });
  expect(one.lease.slot).not.toBe(ill);
  await until("its end", async () => !(await ids()).includes(ill), 30_000);
  await pool.until(({ free }) => free === 1, 30_000);
  expect((await pool.claim({ owner: "eve" })).lease.slot).not.toBe(ill);
  expect([await stateOf(leased), await stateOf(one)]).toEqual([RUNS, RUNS]);
}, 60_000);

test("a pool grows with the demand between its least and its most, and nobody waits for what cannot come", async () => {
  const pool = await filled(2, { min: 2, max: 5 });
  const leases = [await pool.claim({ owner: "a" }), await pool.claim({ owner: "b" })];
  // More than is leased waits, before anybody asks for it.
  await pool.until(({ free, leased }) => leased === 2 && free >= 1, 30_000);
  const more = ["c", "d", "e"].map((owner) => pool.claim({ owner, timeout: 30_000 }));
  leases.push(...(await Promise.all(more)));
  expect(new Set(leases.map(({ lease }) => lease.slot)).size).toBe(5);
  expect(await failure(pool.claim({ owner: "f", timeout: 1500 }))).toBeInstanceOf(PoolBusyError);
  expect([pool.status().target, (await containers()).size]).toEqual([5, 5]);
  for (const { lease } of leases) await pool.release(lease);
  await pool.until(({ free }) => free === 5, 30_000);
}, 90_000);

test("a pool becomes smaller down to the highest number that is leased, and as far as it shall once that is released", async () => {
  const pool = await filled(8);
  const all = await Promise.all(Array.from({ length: 8 }, (_, user) => pool.claim({ owner: `user ${user}` })));
  const fourth = (await containers()).get(4);
  const high = all.find(({ lease }) => lease.slot === fourth) as LeasedContainer;
  for (const { lease } of all) if (lease.slot !== fourth) await pool.release(lease);
  await pool.until(({ free }) => free === 7, 30_000);
  await pool.resize(2);
  await until("that it is as small as it can be", async () => (await containers()).size === 5, 30_000);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect([await stateOf(high), [...(await containers()).keys()].sort()]).toEqual([RUNS, [0, 1, 2, 3, 4]]);
  // What is above the new size is not given out, so that it can go.
  const [one, two] = [await pool.claim({ owner: "a" }), await pool.claim({ owner: "b" })];
  const numbers = new Map([...(await containers())].map(([number, id]) => [id, number]));
  expect([one, two].map(({ lease }) => numbers.get(lease.slot)).sort()).toEqual([0, 1]);
  expect(await failure(pool.claim({ owner: "c", timeout: 300 }))).toBeInstanceOf(PoolBusyError);
  await pool.release(high.lease);
  await until("the size that it shall have", async () => (await containers()).size === 2, 30_000);
  expect([await stateOf(one), await stateOf(two)]).toEqual([RUNS, RUNS]);
}, 60_000);

test("a pool whose leases are Nomad's variables is shared as one in Consul's store is", async () => {
  const store = () => new NomadStore(nomadConnection(cluster.environment));
  const stores = [store(), store()];
  const pool = await filled(2, { store: stores[0], consul: undefined });
  const other = await pools.start({ store: stores[1], consul: undefined });
  const [one, two] = [await pool.claim({ owner: "ada" }), await other.claim({ owner: "eve", timeout: 5000 })];
  expect(one.lease.slot).not.toBe(two.lease.slot);
  expect(await failure(other.claim({ owner: "f", timeout: 200 }))).toBeInstanceOf(PoolBusyError);
  await other.release(one.lease);
  await until(
    "that its holder knows",
    async () => (await failure(pool.execute(one.lease, "true"))) instanceof LeaseEndedError,
  );
  await pool.until(({ free, leased }) => free === 1 && leased === 1, 30_000);
  expect([await stateOf(two), (await ids()).includes(one.lease.slot)]).toEqual([RUNS, false]);
  await pools.stopAll();
  await Promise.all(stores.map((each) => each.close()));
}, 60_000);
