import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { apiPath, consulConnection, nomadConnection } from "../../lib/nomad";
import { allocationOf, ConsulStore, NomadStore, SlotPool, type SlotPoolCommon } from "../../lib/pools";
import { failure } from "../support/failure";
import { OwnConsul } from "../support/own-consul";
import { OwnNomad } from "../support/own-nomad";
import { Bundles, RealSandboxes } from "../support/sandboxes";
import { until } from "../support/until";

/** Agents that keep their data, as those of a cluster do: the embedded ones keep it in memory. */
const nomad = new OwnNomad();
const consul = new OwnConsul();
const bundles = new Bundles();
const sandboxes = new RealSandboxes(bundles);
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  await Promise.all([nomad.start(), consul.start()]);
  const client = clientOf();
  await client.register(sandboxes.job({ id: "restarts", count: 1, min: 1, max: 1, slots: 2 }));
}, 120_000);
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(async () => {
  await nomad.remove();
  await consul.remove();
  bundles.remove();
}, 60_000);

function clientOf(token?: string) {
  const client = nomad.client(token);
  closing.push(() => client.close());
  return client;
}

async function managerOf(props: Partial<SlotPoolCommon> = {}): Promise<SlotPool> {
  const pool = new SlotPool({
    nomad: clientOf(),
    store: new ConsulStore(consulConnection({}, consul.address)),
    job: "restarts",
    token: sandboxes.token,
    checkInterval: 500,
    ...props,
  });
  closing.push(() => pool.stop());
  await pool.start();
  return pool;
}

test("Nomad is killed and comes back: leases and commands go on meanwhile, and who waits is served", async () => {
  const pool = await managerOf();
  const [one, two] = [await pool.acquire("one"), await pool.acquire("two")];
  const running = pool.execute(one, "sleep 4; echo through");
  await pool.execute(two, "echo kept > file");
  await nomad.kill();
  // Commands need the sandbox and the store alone.
  expect((await pool.execute(two, "cat file")).stdout).toBe("kept\n");
  const waits = pool.acquire("three", { timeout: 60_000 });
  await until("that it waits", () => pool.status().queue === 1);
  await pool.release(two);
  const three = await waits;
  expect((await pool.execute(three, "ls -A; echo fresh")).stdout).toBe("fresh\n");
  await nomad.start();
  expect((await running).stdout).toBe("through\n");
  expect((await pool.execute(one, "echo still")).stdout).toBe("still\n");
  // The allocation is the one of before, and Nomad is followed again.
  const client = clientOf();
  await until("that its node is ready", async () => (await client.readyNodes().catch(() => [])).length > 0);
  const live = (await client.allocations("restarts")).filter(({ ClientStatus }) => ClientStatus === "running");
  expect(live.map(({ ID }) => ID)).toEqual([allocationOf(one.lease)]);
  await pool.release(three);
  await pool.release(one);
  await until("that all is free", () => pool.status().free === 2);
}, 90_000);

test("Consul is killed and comes back with its data: the leases stand, a claim that was made meanwhile comes", async () => {
  const ttl = 20_000;
  const pool = await managerOf({ leases: { ttl } });
  const other = await managerOf({ leases: { ttl } });
  const handle = await pool.acquire("keeps");
  await pool.execute(handle, "echo kept > file");
  await consul.kill();
  const waits = other.acquire("meanwhile", { timeout: 60_000 });
  await sleep(1500);
  expect((await pool.execute(handle, "cat file")).stdout).toBe("kept\n");
  await consul.start();
  const next = await waits;
  expect(next.lease.slot).not.toBe(handle.lease.slot);
  // Nobody took the time without a store for the silence of the other.
  await sleep(1000);
  expect((await pool.execute(handle, "cat file")).stdout).toBe("kept\n");
  expect((await other.execute(next, "echo runs")).stdout).toBe("runs\n");
  await Promise.all([pool.release(handle), other.release(next)]);
}, 90_000);

test("Consul is away for longer than the ttl: the leases stand when it is back, and were used by nobody meanwhile", async () => {
  const pool = await managerOf();
  const other = await managerOf();
  const handle = await pool.acquire("silent");
  await pool.execute(handle, "echo kept > file");
  await consul.kill();
  await sleep(3000);
  expect(await failure(pool.execute(handle, "true"))).toBeInstanceOf(Error);
  await consul.start();
  await until(
    "that the view is kept up again",
    () => pool.status().upToDate && other.status().upToDate && other.status().managers.length === 2,
  );
  const again = await pool.execute(handle, "cat file").catch((error: unknown) => error);
  expect(again).toMatchObject({ stdout: "kept\n" });
  await pool.release(handle);
}, 90_000);

test("a token of Nomad without rights is refused when the pool starts, with what Nomad says", async () => {
  const root = clientOf();
  const token = async (name: string, rules: string) => {
    await root.http.post(apiPath`/v1/acl/policy/${name}`, v.unknown(), { body: { Name: name, Rules: rules } });
    const body = { Name: name, Type: "client", Policies: [name] };
    return (await root.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), { body })).SecretID;
  };
  const none = await token("nothing", 'namespace "other" { policy = "read" }');
  const refused = await failure(managerOf({ nomad: clientOf(none) }));
  expect(String(refused)).toMatch(/403|[Pp]ermission denied/);
  expect(String(refused)).not.toContain(none);
  // One that may read jobs, and no variables: the store says so before anything is leased.
  const reader = await token("reads-jobs", 'namespace "default" { capabilities = ["read-job", "list-jobs"] }');
  const store = new NomadStore(nomadConnection({ NOMAD_TOKEN: reader }, nomad.address));
  const unreadable = await failure(managerOf({ nomad: clientOf(reader), store }));
  expect(String(unreadable)).toMatch(/403|[Pp]ermission denied/);
  expect(String(unreadable)).not.toContain(reader);
  const live = (await root.allocations("restarts")).filter(({ ClientStatus }) => ClientStatus === "running");
  expect(live).toHaveLength(1);
}, 60_000);
