import { setTimeout as sleep } from "node:timers/promises";
import { ExecutionLostError, LeaseEndedError, NomadExecutor, type WarmPool } from "../../lib/pools";
import { SCOPES } from "../../lib/service";
import { clusterForSuite } from "../support/cluster";
import { failure } from "../support/failure";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { nap, processesWith } from "../support/processes";
import { Proxy, type Passed } from "../support/proxy";
import { until } from "../support/until";
import { smallPool, TestPools } from "../support/warm-pools";

const SIZE = 3;
const cluster = clusterForSuite();
const job = smallPool({ size: SIZE });
const tokens = new TokenFile();
const root = tokens.add("root", ...SCOPES);
const pools = new TestPools(cluster);
let proxy: Proxy;
/** A manager whose way to Consul is the proxy's. */
let pool: WarmPool;
let service: ServiceProcess;

beforeAll(async () => {
  proxy = new Proxy(cluster.addresses.CONSUL_HTTP_ADDR);
  const address = await proxy.open();
  pool = await poolBy(address);
  await pool.until(({ free }) => free === SIZE, 60_000);
  service = await ServiceProcess.ofPool(job.pool, tokens, { ...cluster.environment, CONSUL_HTTP_ADDR: address });
}, 120_000);
afterEach(() => {
  proxy.answer = () => undefined;
});
afterAll(async () => {
  await service.kill();
  await pools.stopAll();
  await proxy.close();
  tokens.remove();
}, 60_000);

/** A manager whose way to Consul is this one. */
async function poolBy(address: string): Promise<WarmPool> {
  const connections = pools.connections({ CONSUL_HTTP_ADDR: address });
  return pools.start({ ...connections, executor: new NomadExecutor(connections.nomad), job });
}

const writes = (status: number) => (request: Passed) =>
  request.method === "PUT" && /^\/v1\/(kv|txn)/.test(request.path) ? status : undefined;
const all = () => pool.until(({ free, leased, queue }) => free === SIZE && leased === 0 && queue === 0, 60_000);

async function claimByService(wait = 2000): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${service.address}/api/containers`, {
    method: "POST",
    headers: { authorization: `Bearer ${root}`, "content-type": "application/json" },
    body: JSON.stringify({ pool: job.pool, wait }),
  });
  return { status: answer.status, text: await answer.text() };
}

test.each([413, 429, 500, 503])(
  "a store that answers every write with %d leases nothing, and all goes on afterwards",
  async (status) => {
    proxy.answer = writes(status);
    const error = await failure(pool.claim({ owner: "ann", timeout: 1500 }));
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(/Consul/);
    const said = await claimByService();
    expect([429, 503]).toContain(said.status);
    expect(JSON.parse(said.text)).toMatchObject({ code: expect.stringMatching(/^(unavailable|pool-busy)$/) as string });
    expect(said.text).not.toMatch(/cluster leader|127\.0\.0\.1|\/v1\//);
    proxy.answer = () => undefined;
    await all();
    const held = await pool.claim({ owner: "ann" });
    expect(await pool.execute(held.lease, "echo runs")).toMatchObject({ stdout: "runs\n" });
    await pool.release(held.lease);
    await all();
  },
  90_000,
);

test("while a store refuses every write, and for everybody, nobody can end a lease: it stands as its reading shows, and is used", async () => {
  const held = await pool.claim({ owner: "ann" });
  const running = pool.execute(held.lease, "sleep 5; echo through");
  await sleep(500);
  proxy.answer = writes(500);
  await sleep(3500);
  expect(await pool.execute(held.lease, "echo meanwhile")).toMatchObject({ stdout: "meanwhile\n" });
  proxy.answer = () => undefined;
  expect(await running).toMatchObject({ stdout: "through\n", ended: "exited" });
  await pool.release(held.lease);
  await all();
}, 90_000);

test("a manager whose writes alone are refused loses its lease to others, with its command, before anybody else has it", async () => {
  const other = await poolBy(cluster.addresses.CONSUL_HTTP_ADDR);
  const held = await pool.claim({ owner: "ann" });
  const seconds = nap();
  const running = failure(pool.execute(held.lease, `(setsid sleep ${seconds} &); sleep ${seconds}`));
  await until("that it runs", () => processesWith(`sleep ${seconds}`).length > 0);
  proxy.answer = writes(500);
  await until("that the others have seen it", () => other.status().leased === 0, 30_000);
  const error = await running;
  expect(error instanceof LeaseEndedError || error instanceof ExecutionLostError).toBe(true);
  await other.until(({ free }) => free === SIZE, 30_000);
  expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  expect(await failure(pool.execute(held.lease, "true"))).toBeInstanceOf(Error);
  proxy.answer = () => undefined;
  await until("that it is told", async () => (await failure(pool.book.check(held.lease))) instanceof LeaseEndedError);
  await pools.stop(other);
  await all();
}, 120_000);

test("a service that stands still for longer than its leases' time serves on, and what it ran has ended", async () => {
  const client = service.client(root);
  const held = await client.claim({ pool: job.pool, wait: 30_000, ttl: 5000 });
  const seconds = nap();
  const cut = (async () => {
    for await (const event of client.execute(held, { command: `sleep ${seconds}` }, new AbortController().signal))
      if (event.type === "error") return event.problem.code;
    return "ended";
  })().catch((error: unknown) => String(error));
  await until("that it runs", () => processesWith(`sleep ${seconds}`).length > 0);
  service.signal("SIGSTOP");
  // The other manager sees a lease that nobody renews, and ends it.
  await until("that its container is replaced", () => pool.status().free === SIZE, 60_000);
  expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  service.signal("SIGCONT");
  expect(await cut).toMatch(/lease-ended|place-lost|lease-stale/);
  await sleep(500);
  const next = await client.claim({ pool: job.pool, wait: 30_000 });
  expect(next.id).not.toBe(held.id);
  await client.release(next);
  await all();
}, 120_000);
