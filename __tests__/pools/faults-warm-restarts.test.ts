import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { UserError } from "../../lib/errors";
import { Cpu, Memory, Resources } from "../../lib/jobspec";
import { apiPath, ConsulClient, consulConnection, NomadClient, nomadConnection, type JobJson } from "../../lib/nomad";
import {
  ConsulStore,
  ExecutionLostError,
  NomadExecutor,
  NomadStore,
  PoolBusyError,
  WarmPool,
  WarmPoolJob,
  type Store,
  type WarmPoolOptions,
} from "../../lib/pools";
import { failure } from "../support/failure";
import { OwnConsul } from "../support/own-consul";
import { OwnNomad } from "../support/own-nomad";
import { nap, processesWith } from "../support/processes";
import { until } from "../support/until";
import { smallPool } from "../support/warm-pools";

/** Agents that keep their data, and ask everybody for a token, as those of a cluster do. */
const consul = new OwnConsul(true);
const nomad = new OwnNomad(1, consul);
const job = smallPool({ size: 3 });
const closing: (() => Promise<unknown>)[] = [];
const tokens = { nomad: "", consul: "" };
const example = (name: string) => readFileSync(join(__dirname, `../../examples/policies/${name}.hcl`), "utf8");

beforeAll(async () => {
  await consul.start();
  await nomad.start();
  tokens.nomad = await nomadToken("pools", example("pool-service.nomad"));
  tokens.consul = await consul.tokenWith("pools", example("pool-service.consul"));
  const root = nomad.client();
  await root.register(job.toApi().Job as JobJson);
  await root.close();
}, 120_000);
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(async () => {
  nomad.resume();
  await nomad.remove();
  await consul.remove();
}, 60_000);

async function nomadToken(name: string, rules: string): Promise<string> {
  const root = nomad.client();
  try {
    await root.http.post(apiPath`/v1/acl/policy/${name}`, v.unknown(), { body: { Name: name, Rules: rules } });
    const body = { Name: name, Type: "client", Policies: [name] };
    return (await root.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), { body })).SecretID;
  } finally {
    await root.close();
  }
}

const storeWith = (token: string): Store =>
  new ConsulStore(consulConnection({ CONSUL_HTTP_TOKEN: token }, consul.address));

/** A manager with no more rights than the examples give. */
function managerOf(options: Partial<WarmPoolOptions> = {}): WarmPool {
  const client = new NomadClient(nomadConnection({ NOMAD_TOKEN: tokens.nomad }, nomad.address));
  const checks = new ConsulClient(consulConnection({ CONSUL_HTTP_TOKEN: tokens.consul }, consul.address));
  const store = options.store ?? storeWith(tokens.consul);
  const executor = new NomadExecutor(client);
  const given = { nomad: client, consul: checks, store, executor, pool: job.pool };
  const pool = new WarmPool({ ...given, ...options });
  closing.push(
    () => client.close(),
    () => checks.close(),
    () => store.close(),
    () => pool.stop(),
  );
  return pool;
}

async function started(options: Partial<WarmPoolOptions> = {}): Promise<WarmPool> {
  const pool = managerOf(options);
  await pool.start();
  await pool.until(({ free }) => free === 3, 60_000);
  return pool;
}

const all = (pool: WarmPool) => pool.until(({ free, leased }) => free === 3 && leased === 0, 60_000);

test("with the policies of the examples a pool is looked after, leased, used, and made larger and smaller", async () => {
  const pool = await started();
  const held = await pool.claim({ owner: "ann" });
  expect(await pool.execute(held.lease, "echo runs")).toMatchObject({ stdout: "runs\n" });
  await pool.resize(4);
  await pool.until(({ free }) => free === 3, 60_000);
  await pool.release(held.lease);
  await pool.resize(3);
  await pool.until(({ free, coming, target }) => free === 3 && coming === 0 && target === 3, 60_000);
}, 90_000);

test("Nomad is killed under commands: leases stand, nothing is given out meanwhile, and all goes on when it is back", async () => {
  const pool = await started();
  const [one, two] = [await pool.claim({ owner: "one" }), await pool.claim({ owner: "two" })];
  await pool.execute(two.lease, "echo kept > file");
  const seconds = nap();
  const left = () => processesWith(`sleep ${seconds}`).length;
  const cut = failure(pool.execute(one.lease, `(setsid sleep ${seconds} &); sleep ${seconds}`));
  await until("that it runs", () => left() > 0);
  await nomad.kill();
  await until("that nothing is offered", () => pool.status().free === 0);
  expect(await failure(pool.claim({ owner: "three", timeout: 500 }))).toBeInstanceOf(PoolBusyError);
  const waits = pool.claim({ owner: "four", timeout: 60_000 });
  await nomad.start();
  // The command was lost with the agent that ran it, which is said; nothing of it is left.
  const error = await cut;
  expect(error).toBeInstanceOf(ExecutionLostError);
  const four = await waits;
  expect([one, two].map(({ lease }) => lease.slot)).not.toContain(four.lease.slot);
  expect(await pool.execute(four.lease, "ls -A; echo fresh")).toMatchObject({ stdout: "fresh\n" });
  expect(await pool.execute(two.lease, "cat file")).toMatchObject({ stdout: "kept\n" });
  expect(await pool.execute(one.lease, "echo again")).toMatchObject({ stdout: "again\n" });
  for (const { lease } of [one, two, four]) await pool.release(lease);
  await all(pool);
  expect(left()).toBe(0);
}, 150_000);

test("a Nomad that stands still for five seconds, as without a leader, loses no lease and no command", async () => {
  const pool = await started();
  const held = await pool.claim({ owner: "still" });
  const running = pool.execute(held.lease, "sleep 2; echo through");
  await sleep(500);
  nomad.pause();
  const meanwhile = pool.execute(held.lease, "echo later");
  await sleep(5000);
  nomad.resume();
  expect(await running).toMatchObject({ stdout: "through\n", ended: "exited" });
  expect(await meanwhile).toMatchObject({ stdout: "later\n" });
  await pool.release(held.lease);
  await all(pool);
}, 90_000);

test("Consul is killed and comes back with its data: the leases stand, and claims go on", async () => {
  const pool = await started({ leases: { ttl: 20_000 } });
  const held = await pool.claim({ owner: "keeps" });
  await pool.execute(held.lease, "echo kept > file");
  await consul.kill();
  const waits = pool.claim({ owner: "meanwhile", timeout: 60_000 });
  await sleep(1500);
  await consul.start();
  const next = await waits;
  expect(next.lease.slot).not.toBe(held.lease.slot);
  expect(await pool.execute(held.lease, "cat file")).toMatchObject({ stdout: "kept\n" });
  expect(await pool.execute(next.lease, "echo runs")).toMatchObject({ stdout: "runs\n" });
  for (const { lease } of [held, next]) await pool.release(lease);
  await all(pool);
}, 120_000);

test.each<[string, string, RegExp]>([
  ["reads keys and writes none", 'key_prefix "pools/" { policy = "read" }', /[Pp]ermission denied|403/],
  [
    "has no right to keys",
    'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
    /[Pp]ermission denied|403/,
  ],
])(
  "a token of Consul that %s is refused when the pool starts, in words",
  async (name, rules, words) => {
    const token = await consul.tokenWith(name.replaceAll(" ", "-"), rules);
    const error = await failure(managerOf({ store: storeWith(token) }).start());
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(words);
    expect(String(error)).not.toContain(token);
  },
  60_000,
);

test("a token of Nomad that only reads is refused with what it may not; leases in variables want their own right", async () => {
  const token = await nomadToken("reads", 'namespace "default" { capabilities = ["list-jobs", "read-job"] }');
  const connection = nomadConnection({ NOMAD_TOKEN: token }, nomad.address);
  const store = new NomadStore(connection);
  const refused = await failure(managerOf({ store }).start());
  expect(String(refused)).toMatch(/[Pp]ermission denied|403/);
  const reads = new NomadClient(connection);
  closing.push(() => reads.close());
  const pool = managerOf({ nomad: reads, executor: new NomadExecutor(reads) });
  await pool.start();
  // It may see that containers run, and run nothing in them: they have not answered, so nobody is given one.
  const busy = await failure(pool.claim({ owner: "ann", timeout: 1500 }));
  expect(busy).toBeInstanceOf(PoolBusyError);
  expect(String(busy)).toContain("alloc-exec");
  expect(String(busy)).not.toContain(token);
}, 60_000);

test("a token of Consul that may not see the pool's checks is refused when the pool starts, as nothing would look healthy", async () => {
  const token = await consul.tokenWith("keys-alone", 'key_prefix "pools/" { policy = "write" }');
  const checks = new ConsulClient(consulConnection({ CONSUL_HTTP_TOKEN: token }, consul.address));
  closing.push(() => checks.close());
  const error = await failure(managerOf({ consul: checks }).start());
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain("CONSUL_HTTP_TOKEN");
  expect(String(error)).not.toContain(token);
}, 60_000);

test("a pool that finds no room says what is short to whoever waits in vain", async () => {
  const root = nomad.client();
  closing.push(() => root.close());
  const resources = new Resources({ cpu: Cpu.mhz(1_000_000), memory: Memory.mebibytes(16) });
  const large = new WarmPoolJob({ provider: "google", size: 2, execution: { kind: "raw_exec" }, resources });
  const executor = new NomadExecutor(root);
  const pool = managerOf({ nomad: root, executor, pool: large.pool, job: large });
  await pool.start();
  await until("that it is known", async () => {
    const busy = await failure(pool.claim({ owner: "ann", timeout: 500 }));
    expect(busy).toBeInstanceOf(PoolBusyError);
    expect((busy as PoolBusyError).retryAfter).toBeGreaterThan(0);
    return String(busy).includes("2 more of its containers find no node: cpu is exhausted on 1 node");
  });
  await until("that nobody waits", () => pool.status().queue === 0);
  await root.deregister(large.id, { purge: true });
}, 60_000);
