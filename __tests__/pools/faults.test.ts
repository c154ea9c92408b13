import { randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../lib/errors";
import { Cpu, Memory, Resources } from "../../lib/jobspec";
import { consulConnection } from "../../lib/nomad";
import {
  allocationOf,
  ConsulStore,
  LeaseEndedError,
  PoolBusyError,
  SlotPool,
  SlotPoolJob,
  type SlotHandle,
  type SlotPoolByJob,
  type SlotPoolCommon,
} from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { failure } from "../support/failure";
import { processesNaming } from "../support/processes";
import { Proxy } from "../support/proxy";
import { Bundles, RealSandboxes } from "../support/sandboxes";
import { until } from "../support/until";

const cluster = clusterForSuite();
const bundles = new Bundles();
const sandboxes = new RealSandboxes(bundles);
const pools: SlotPool[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
});
afterAll(() => bundles.remove());

function poolOf(job: SlotPoolByJob["job"], props: Partial<SlotPoolCommon> = {}): SlotPool {
  const pool = new SlotPool({
    nomad: cluster.nomad,
    store: new ConsulStore(consulConnection(cluster.environment)),
    job,
    token: sandboxes.token,
    checkInterval: 500,
    ...props,
  });
  pools.push(pool);
  return pool;
}

async function started(job: SlotPoolByJob["job"], props: Partial<SlotPoolCommon> = {}): Promise<SlotPool> {
  const pool = poolOf(job, props);
  await pool.start();
  return pool;
}

describe("a pool", () => {
  beforeAll(async () => {
    await cluster.nomad.register(sandboxes.job({ id: "faults", count: 1, min: 1, max: 1, slots: 4 }));
  }, 30_000);

  test("takes any text for the id of a task", async () => {
    const pool = await started("faults");
    const ids = [
      "a b",
      "../../etc/passwd",
      "a/b?c=d&e#f",
      "$(touch /tmp/owned)",
      "'; touch /tmp/owned; '",
      "line\nbreak\r\n",
    ];
    for (const taskId of [...ids, "\u0000\u0007\u001b[31m", "é 漢字 🙂", "__proto__", "x".repeat(1000)]) {
      const handle = await pool.acquire(taskId);
      expect(handle.lease.owner).toBe(taskId);
      expect((await pool.execute(handle, "ls -A; echo fine")).stdout).toBe("fine\n");
      expect(await pool.release(handle)).toBe(true);
    }
  }, 60_000);

  test("refuses an id of a megabyte in words, and not with all of it", async () => {
    const pool = await started("faults");
    const error = await failure(pool.acquire("x".repeat(1 << 20)));
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message.length).toBeLessThan(3000);
  });

  test("runs hostile commands as they are written, or refuses them in words; the slot goes on", async () => {
    const pool = await started("faults");
    const handle = await pool.acquire("hostile");
    const said = async (command: string) => (await pool.execute(handle, command, { timeout: 20_000 })).stdout;
    expect(await said("printf '%s' \"a'b\\\"c\"; echo; echo '$HOME `id` $(id)'")).toBe("a'b\"c\n$HOME `id` $(id)\n");
    expect(await said("cat <<'EOF'\nline one\n\tline two\nEOF")).toBe("line one\n\tline two\n");
    expect(await failure(pool.execute(handle, "echo a\0b"))).toBeInstanceOf(UserError);
    expect(await failure(pool.execute(handle, "true", { env: { "A B": "x" } }))).toBeInstanceOf(UserError);
    expect(await failure(pool.execute(handle, "true", { env: { A: "x\0y" } }))).toBeInstanceOf(UserError);
    expect(await failure(pool.execute(handle, "true", { timeout: Number.NaN }))).toBeInstanceOf(UserError);
    expect(await failure(pool.execute(handle, { tool: "rm -rf", args: {} }))).toBeInstanceOf(UserError);
    const outside = await pool
      .execute(handle, { tool: "read_file", args: { path: "../../../etc/shadow" } })
      .catch((error: unknown) => error);
    expect(outside instanceof UserError || (outside as { exitCode: number }).exitCode !== 0).toBe(true);
    // A megabyte is run, or refused: it is not cut.
    const long = await pool.execute(handle, `: ${"x".repeat(1 << 20)}; echo ran`).catch((error: unknown) => error);
    expect(long instanceof UserError || (long as { stdout: string }).stdout === "ran\n").toBe(true);
    const endless = await pool.execute(handle, "yes", { timeout: 1500, outputLimit: 100_000 });
    expect([endless.ended, endless.truncated]).toEqual(["timeout", true]);
    expect(endless.stdout.length).toBeLessThanOrEqual(100_000);
    expect(await said("echo fine")).toBe("fine\n");
    await pool.release(handle);
  }, 60_000);

  test("ends a command that ignores signals and forks away, when its time is over, or nobody waits for it", async () => {
    const pool = await started("faults");
    const handle = await pool.acquire("stubborn");
    const mark = randomBytes(8).toString("hex");
    const command = `trap '' TERM INT HUP; (setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &); while :; do sleep 1; done`;
    const ended = await pool.execute(handle, command, { timeout: 1500, env: { MARK: mark } });
    expect([ended.ended, ended.exitCode]).toEqual(["timeout", 124]);
    await until("its end", () => processesNaming(mark).length === 0);
    const gone = new AbortController();
    const running = pool.execute(handle, command, { env: { MARK: mark }, signal: gone.signal });
    await until("its start", () => processesNaming(mark).length > 0);
    gone.abort();
    expect([(await running).ended, (await running).exitCode]).toEqual(["cancelled", 130]);
    await until("its end too", () => processesNaming(mark).length === 0);
    await pool.release(handle);
  }, 60_000);

  test("refuses to start without its job or its group, and says what to write", async () => {
    expect(String(await failure(poolOf("no-such-job").start()))).toContain("register it first");
    expect(String(await failure(poolOf("faults", { group: "other" }).start()))).toContain(
      'write one of its own: "sandbox"',
    );
  });

  test("says that the sandboxes refuse its token; nothing is run and nothing is leased", async () => {
    const pool = await started("faults", { token: "wrong" });
    const handle = await pool.acquire("nobody");
    const error = await failure(pool.execute(handle, "true"));
    expect(error).toBeInstanceOf(LeaseEndedError);
    expect((error as Error).message).toContain("refuses the token");
    await pool.stop();
    const right = await started("faults");
    await until("that the slot is free", () => right.status().leased === 0);
  });
});

test("two managers that are started at once make one job, and one size of it", async () => {
  // As it is deployed: each sandbox has a token of its own, which is read in its allocation.
  const job = new SlotPoolJob({
    name: "twice",
    driver: "raw_exec",
    slots: 2,
    min: 1,
    max: 2,
    command: sandboxes.program,
    resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(128) }),
  });
  const [one, two] = [poolOf(job, { token: undefined }), poolOf(job, { token: undefined })];
  await Promise.all([one.start(), two.start()]);
  const handles = await Promise.all([one, two, one, two].map((pool, number) => pool.acquire(`task-${number}`)));
  expect(new Set(handles.map(({ lease }) => lease.slot)).size).toBe(4);
  expect(new Set(handles.map(({ lease }) => allocationOf(lease))).size).toBe(2);
  expect((await cluster.nomad.allocations(job.id)).filter((one) => one.DesiredStatus === "run")).toHaveLength(2);
  expect((await two.execute(handles[1] as SlotHandle, "echo runs")).stdout).toBe("runs\n");
  await Promise.all(handles.map((handle, number) => [one, two][number % 2]?.release(handle)));
}, 60_000);

test("a full cluster is said, with what is short, and callers are not kept beyond their timeout", async () => {
  await cluster.nomad.register(sandboxes.job({ id: "full", count: 1, min: 1, max: 5, slots: 1, cpu: 1_000_000 }));
  const pool = await started("full");
  const began = performance.now();
  const error = await failure(pool.acquire("waits", { timeout: 1500 }));
  expect(error).toBeInstanceOf(PoolBusyError);
  expect((error as Error).message).toContain("cpu is exhausted");
  expect((error as PoolBusyError).retryAfter).toBeGreaterThan(0);
  expect(performance.now() - began).toBeLessThan(10_000);
  await pool.stop();
  await cluster.nomad.deregister("full", { purge: true });
}, 30_000);

describe("a store that", () => {
  let proxy: Proxy;
  let address: string;
  beforeEach(async () => {
    proxy = new Proxy(cluster.addresses.CONSUL_HTTP_ADDR);
    address = await proxy.open();
  });
  afterEach(async () => {
    // A pool that is stopped says so to its store.
    proxy.answer = () => undefined;
    await Promise.all(pools.splice(0).map((pool) => pool.stop()));
    await proxy.close();
  });

  test("refuses every write takes no lease, and says so before the timeout is long over", async () => {
    const pool = await started("faults", {
      store: new ConsulStore(consulConnection({ ...cluster.environment, CONSUL_HTTP_ADDR: address })),
    });
    proxy.answer = ({ method }) => (method === "GET" ? undefined : 500);
    const error = await failure(pool.acquire("refused", { timeout: 1500 }));
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain("undefined");
    proxy.answer = () => undefined;
    await until("that it leases again", async () => {
      const handle = await pool.acquire("again", { timeout: 2000 }).catch(() => undefined);
      return handle !== undefined && (await pool.release(handle));
    });
  }, 60_000);

  test("is away for less than the ttl loses nobody's lease", async () => {
    const pool = await started("faults", {
      store: new ConsulStore(consulConnection({ ...cluster.environment, CONSUL_HTTP_ADDR: address })),
      leases: { ttl: 6000 },
    });
    const handle = await pool.acquire("keeps");
    await pool.execute(handle, "echo x > file");
    proxy.answer = () => 500;
    await sleep(2000);
    expect((await pool.execute(handle, "cat file")).stdout).toBe("x\n");
    proxy.answer = () => undefined;
    await sleep(5000);
    expect((await pool.execute(handle, "cat file")).stdout).toBe("x\n");
    await pool.release(handle);
  }, 60_000);

  test("is away for longer ends the lease here before anybody else can have it", async () => {
    const other = await started("faults");
    const pool = await started("faults", {
      store: new ConsulStore(consulConnection({ ...cluster.environment, CONSUL_HTTP_ADDR: address })),
    });
    const handle = await pool.acquire("cut off");
    const running = failure(pool.execute(handle, "sleep 100"));
    proxy.answer = () => 500;
    expect(await running).toBeInstanceOf(LeaseEndedError);
    expect(await failure(pool.execute(handle, "true"))).toBeInstanceOf(LeaseEndedError);
    await until(
      "that the others have the slot again",
      () => other.status().leased === 0 && other.status().ending === 0,
    );
    proxy.answer = () => undefined;
  }, 60_000);
});

test("nothing of all of this is left on the machine", () => {
  expect(execFileSync("/bin/sh", ["-c", "ls /tmp | grep -c owned || true"]).toString()).toBe("0\n");
});
