import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { consulConnection } from "../../lib/nomad";
import {
  allocationOf,
  sandboxSlotOf,
  ConsulStore,
  ExecutionLostError,
  LeaseEndedError,
  PoolBusyError,
  SlotPool,
  type SlotHandle,
  type SlotPoolCommon,
} from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { failure } from "../support/failure";
import { processesNaming } from "../support/processes";
import { Bundles, RealSandboxes } from "../support/sandboxes";
import { until } from "../support/until";

const cluster = clusterForSuite();
const bundles = new Bundles();
const sandboxes = new RealSandboxes(bundles);
const pools: SlotPool[] = [];
const troubles: string[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
});
afterAll(() => bundles.remove());

async function managerOf(job: string, props: Partial<SlotPoolCommon> = {}): Promise<SlotPool> {
  const pool = new SlotPool({
    nomad: cluster.nomad,
    store: new ConsulStore(consulConnection(cluster.environment)),
    job,
    token: sandboxes.token,
    checkInterval: 500,
    onTrouble: (message) => troubles.push(message),
    ...props,
  });
  pools.push(pool);
  await pool.start();
  return pool;
}

const slotsOf = (pool: SlotPool) => pool.status().sandboxes.reduce((sum, { slots }) => sum + slots, 0);
const readyCount = (pool: SlotPool) => pool.status().sandboxes.filter(({ state }) => state === "ready").length;

test("a hundred tasks at once have a slot each, and reach nothing of one another", async () => {
  await cluster.nomad.register(sandboxes.job({ id: "hundred", count: 10, min: 10, max: 10, slots: 10 }));
  const managers = await Promise.all([managerOf("hundred"), managerOf("hundred")]);
  await until("ten sandboxes", () => managers.every((pool) => readyCount(pool) === 10));
  const tasks = Array.from({ length: 100 }, (_, number) => ({
    number,
    secret: randomBytes(12).toString("hex"),
    pool: managers[number % 2] as SlotPool,
  }));
  const handles = await Promise.all(tasks.map(({ pool, number }) => pool.acquire(`task-${number}`)));
  expect(new Set(handles.map(({ lease }) => lease.slot)).size).toBe(100);
  expect(new Set(handles.map(({ isolation }) => isolation))).toEqual(new Set(["sandbox"]));

  const plant = 'echo "$SECRET" > file; echo "$SECRET" > /tmp/file; (setsid sleep 1000 &) ; echo planted';
  const planted = await Promise.all(
    tasks.map(({ pool, secret, number }) =>
      pool.execute(handles[number] as SlotHandle, plant, { secrets: { SECRET: secret }, timeout: 120_000 }),
    ),
  );
  expect(planted.filter(({ stdout }) => stdout !== "planted\n")).toEqual([]);

  // Every other task's secret is looked for in every file, environment and argument that can be reached.
  const look =
    "cat file; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; " +
    "grep -rhs . /tmp /workspace /run /var/tmp /home /root /srv /mnt /opt 2>/dev/null | head -c 50000";
  const looked = await Promise.all(
    tasks.map(({ pool, number }) => pool.execute(handles[number] as SlotHandle, look, { timeout: 120_000 })),
  );
  const seen = looked.map(({ stdout }) =>
    tasks.filter(({ secret }) => stdout.includes(secret)).map((task) => task.number),
  );
  expect(seen).toEqual(tasks.map(({ number }) => [number]));

  // Tasks that fail release as well: nothing of them is left.
  const ends = await Promise.allSettled(
    tasks.map(async ({ pool, number }) => {
      try {
        if (number % 3 === 0) throw new Error("the task failed");
      } finally {
        await pool.release(handles[number] as SlotHandle);
      }
    }),
  );
  expect(ends.filter(({ status }) => status === "rejected")).toHaveLength(34);
  const first = managers[0] as SlotPool;
  await until("that every slot is free again", () => first.status().free === 100 && first.status().leased === 0);
  expect(tasks.flatMap(({ secret }) => processesNaming(secret))).toEqual([]);
}, 120_000);

test("grows by what the queue needs, and takes away only what nobody is in", async () => {
  await cluster.nomad.register(sandboxes.job({ id: "grows", count: 1, min: 1, max: 3, slots: 2 }));
  const pool = await managerOf("grows", { idle: 1500 });
  const other = await managerOf("grows", { idle: 1500 });
  const handles = await Promise.all(
    Array.from({ length: 6 }, (_, number) => (number % 2 ? pool : other).acquire(`task-${number}`)),
  );
  expect(new Set(handles.map(({ lease }) => allocationOf(lease))).size).toBe(3);
  const busy = await failure(pool.acquire("one too many", { timeout: 700 }));
  expect(busy).toBeInstanceOf(PoolBusyError);
  expect((busy as Error).message).toContain("all of its 3 sandboxes");

  // Somebody stays in the sandbox that would go first.
  const numbers = new Map(pool.status().sandboxes.map(({ allocation, number }) => [allocation, number]));
  const numberOf = ({ lease }: SlotHandle) => numbers.get(allocationOf(lease)) ?? 0;
  const [last, ...rest] = handles.sort((a, b) => numberOf(b) - numberOf(a));
  if (last === undefined) throw new Error("nothing was leased");
  await Promise.all(rest.map((handle) => pool.release(handle)));
  await sleep(4000);
  expect((await pool.execute(last, "echo still here")).stdout).toBe("still here\n");
  expect(readyCount(pool)).toBe(3);
  await other.release(last);
  await until("one sandbox again", () => readyCount(pool) === 1 && pool.status().count === 1);
  expect((await cluster.nomad.allocations("grows")).filter((one) => one.DesiredStatus === "run")).toHaveLength(1);

  // Both managers saw the same queue: neither made it larger than was asked for.
  const { Versions } = await cluster.nomad.versions("grows", { diffs: false });
  const counts = Versions.map((version) => (version as { TaskGroups?: { Count?: number }[] }).TaskGroups?.[0]?.Count);
  expect(Math.max(...counts.map((count) => count ?? 0))).toBe(3);
}, 90_000);

describe("a handle that is over", () => {
  beforeAll(async () => {
    await cluster.nomad.register(sandboxes.job({ id: "ends", count: 1, min: 1, max: 2, slots: 4 }));
  }, 30_000);

  test("is refused here, and by the sandbox too", async () => {
    const pool = await managerOf("ends");
    const handle = await pool.acquire("first");
    await pool.execute(handle, "echo mine > kept");
    expect(await pool.release(handle)).toBe(true);
    expect(await pool.release(handle)).toBe(false);
    const error = await failure(pool.execute(handle, "cat kept"));
    expect(error).toBeInstanceOf(LeaseEndedError);
    expect((error as LeaseEndedError).reason).toBe("released");

    // Another manager, which has never heard of it, reads the store; and the sandbox itself refuses the token of before.
    const other = await managerOf("ends");
    expect(await failure(other.execute(handle, "cat kept"))).toBeInstanceOf(LeaseEndedError);
    await until("that the slot was emptied", () => pool.status().ending === 0);
    const { Port } = (await portOf(allocationOf(handle.lease))) ?? { Port: 0 };
    const response = await fetch(`http://127.0.0.1:${Port}/execute`, {
      method: "POST",
      headers: { authorization: `Bearer ${sandboxes.token}`, "content-type": "application/json" },
      body: JSON.stringify({
        slot_id: sandboxSlotOf(handle.lease.slot)?.name,
        generation: 2 * handle.lease.generation,
        tool: "bash",
        args: { command: "cat kept" },
      }),
    });
    expect(response.status).toBe(409);
    expect(((await response.json()) as { code: string }).code).toBe("stale-generation");
  }, 30_000);

  test("ends with its sandbox, killed under a command; another slot is there on demand", async () => {
    const pool = await managerOf("ends");
    const handle = await pool.acquire("victim");
    const began = deferred();
    const running = failure(
      pool.execute(handle, "echo began; sleep 100", { onStdout: () => void began.resolve(undefined) }),
    );
    await began.promise;
    const [server] = processesNaming(allocationOf(handle.lease)).filter(({ command }) =>
      command.includes("--data-dir"),
    );
    process.kill(server?.pid ?? 0, "SIGKILL");
    expect(await running).toBeInstanceOf(ExecutionLostError);
    const error = await failure(pool.execute(handle, "true"));
    expect(error).toBeInstanceOf(LeaseEndedError);
    expect((error as LeaseEndedError).message).toContain("acquire another slot");
    const next = await pool.acquire("victim");
    expect((await pool.execute(next, "echo again")).stdout).toBe("again\n");
    await pool.release(next);
  }, 60_000);

  test("ends with a sandbox that takes everything and says nothing", async () => {
    const pool = await managerOf("ends", { checkInterval: 200, silence: 2000 });
    const handle = await pool.acquire("patient");
    const [server] = processesNaming(allocationOf(handle.lease)).filter(({ command }) =>
      command.includes("--data-dir"),
    );
    process.kill(server?.pid ?? 0, "SIGSTOP");
    const error = await failure(pool.execute(handle, "true"));
    expect([ExecutionLostError, LeaseEndedError].some((type) => error instanceof type)).toBe(true);
    expect(await failure(pool.execute(handle, "true"))).toBeInstanceOf(LeaseEndedError);
    await until("that Nomad has another in its place", async () =>
      (await cluster.nomad.allocations("ends")).some(
        ({ ID, ClientStatus }) => ID !== allocationOf(handle.lease) && ClientStatus === "running",
      ),
    );
    const next = await pool.acquire("patient");
    expect((await pool.execute(next, "echo again")).stdout).toBe("again\n");
    await pool.release(next);
  }, 90_000);
});

describe("a sandbox that is silent is replaced", () => {
  const quick = { checkInterval: 200, silence: 1000 };
  const freeze = (allocation: string) =>
    processesNaming(allocation)
      .filter(({ command }) => command.includes("--data-dir"))
      .forEach(({ pid }) => process.kill(pid, "SIGSTOP"));
  const anotherThan = (job: string, allocation: string) => async () =>
    (await cluster.nomad.allocations(job)).some(
      ({ ID, ClientStatus }) => ID !== allocation && ClientStatus === "running",
    );

  test("also where the first word to Nomad was lost", async () => {
    await cluster.nomad.register(sandboxes.job({ id: "lost-word", count: 1, min: 1, max: 1, slots: 2 }));
    let asked = 0;
    const nomad = Object.create(cluster.nomad, {
      stopAllocation: {
        value: async (id: string) => {
          asked += 1;
          if (asked === 1) throw new Error("the connection was cut");
          await cluster.nomad.stopAllocation(id);
        },
      },
    }) as typeof cluster.nomad;
    const pool = await managerOf("lost-word", { ...quick, nomad });
    const allocation = allocationOf((await pool.acquire("first")).lease);
    freeze(allocation);
    await until("that Nomad has another in its place", anotherThan("lost-word", allocation), 60_000);
    expect(asked).toBeGreaterThan(1);
    expect(troubles.filter((line) => line.includes(allocation))).toContain(
      `the sandbox ${allocation} cannot be stopped yet: the connection was cut`,
    );
  }, 90_000);

  test("also by a manager that never heard it, so that no pool stands still for ever", async () => {
    await cluster.nomad.register(sandboxes.job({ id: "frozen", count: 1, min: 1, max: 1, slots: 2 }));
    const before = await managerOf("frozen");
    const handle = await before.acquire("first");
    await before.release(handle, { resetWorkspace: false });
    await before.stop();
    freeze(allocationOf(handle.lease));
    const pool = await managerOf("frozen", quick);
    const next = await pool.acquire("second", { timeout: 60_000 });
    expect(allocationOf(next.lease)).not.toBe(allocationOf(handle.lease));
    await pool.release(next);
  }, 90_000);

  test("once those who still held slots of it have given them back", async () => {
    await cluster.nomad.register(sandboxes.job({ id: "held", count: 1, min: 1, max: 1, slots: 2 }));
    const patient = await managerOf("held", { silence: 300_000 });
    const handle = await patient.acquire("patient");
    const pool = await managerOf("held", quick);
    await until("that it answers", () => readyCount(pool) === 1);
    freeze(allocationOf(handle.lease));
    await until("that it is held", () =>
      troubles.includes(`the sandbox ${allocationOf(handle.lease)} does not answer; others still hold slots of it`),
    );
    expect(await anotherThan("held", allocationOf(handle.lease))()).toBe(false);
    await patient.release(handle, { resetWorkspace: false });
    await until("that Nomad has another in its place", anotherThan("held", allocationOf(handle.lease)), 60_000);
  }, 90_000);
});

test("a reset ends what runs and empties the slot, and the lease goes on; a batch says how each ended", async () => {
  await cluster.nomad.register(sandboxes.job({ id: "batch", count: 1, min: 1, max: 1, slots: 3 }));
  const pool = await managerOf("batch");
  const [one, two] = [await pool.acquire("one"), await pool.acquire("two")];
  const running = pool.execute(one, "echo x > file; sleep 100");
  await until("the file", async () => (await pool.execute(two, "true")).exitCode === 0);
  await sleep(300);
  await pool.reset(one);
  expect((await running).ended).toBe("cancelled");
  expect((await pool.execute(one, "ls")).stdout).toBe("");
  const released = await pool.acquire("three");
  await pool.release(released);
  const results = await pool.batch([
    { handle: one, command: "echo $K", options: { env: { K: "v" } } },
    { handle: two, command: { tool: "write_file", args: { path: "a/b", content: "text" } } },
    { handle: released, command: "true" },
    { handle: two, command: { tool: "read_file", args: { path: "a/b" } } },
  ]);
  expect(results.map(({ result }) => result?.stdout)).toEqual(["v\n", expect.anything(), undefined, "text"]);
  expect(results[2]?.error).toBeInstanceOf(LeaseEndedError);
  expect(slotsOf(pool)).toBe(3);
}, 60_000);

function deferred() {
  let resolve: (value: undefined) => void = () => undefined;
  const promise = new Promise<undefined>((done) => (resolve = done));
  return { promise, resolve };
}

async function portOf(allocation: string): Promise<{ readonly Port: number } | undefined> {
  const port = (await cluster.nomad.allocation(allocation))?.AllocatedResources?.Shared.Ports[0];
  return port && { Port: port.Value };
}
