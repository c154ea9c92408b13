import { Cpu, Memory, Resources } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { SlotPoolJob } from "../../lib/pools";
import { SCOPES, type RunEvent, type ServedContainer, type ServiceClient } from "../../lib/service";
import { clusterForSuite } from "../support/cluster";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { forksAway, nap, processesWith } from "../support/processes";
import { Bundles, RealSandboxes } from "../support/sandboxes";
import { until } from "../support/until";

const POOL = "hermes-sandbox";
const LIMIT = 180_000;
const cluster = clusterForSuite();
const tokens = new TokenFile();
const ann = tokens.add("ann", "claim", "execute", "read");
const bob = tokens.add("bob", "claim", "execute", "read");
const root = tokens.add("root", ...SCOPES);
const bundles = new Bundles();
const { program } = new RealSandboxes(bundles);
const running: ServiceProcess[] = [];
const never = new AbortController().signal;

const BARE = "bare-sandboxes";
const bare = new SlotPoolJob({
  name: BARE,
  driver: "raw_exec",
  command: program,
  isolation: ["none"],
  slots: 3,
  min: 1,
  max: 1,
  resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(128) }),
});
const job = new SlotPoolJob({
  name: POOL,
  driver: "raw_exec",
  command: program,
  slots: 3,
  min: 1,
  max: 2,
  resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(128) }),
});

async function start(): Promise<ServiceProcess> {
  const service = await ServiceProcess.start(
    ["--slot-pool", POOL, "--slot-pool", BARE, "--tokens", tokens.path, "--runtime", "raw_exec"],
    cluster.environment,
  );
  running.push(service);
  return service;
}

async function run(client: ServiceClient, held: ServedContainer, command: string, signal = never) {
  const events: RunEvent[] = [];
  for await (const event of client.execute(held, { command }, signal)) events.push(event);
  const stdout = events.flatMap((event) => (event.type === "stdout" ? [event.data] : [])).join("");
  return { stdout, end: events.at(-1) };
}

beforeAll(async () => {
  for (const each of [job, bare]) await cluster.nomad.register(each.toApi().Job as JobJson);
}, LIMIT);
afterAll(async () => {
  for (const service of running) await service.kill();
  tokens.remove();
  bundles.remove();
}, 30_000);

test(
  "a slot is claimed, keeps its files from command to command at any service, and is empty for the next lease",
  async () => {
    const [first, second] = [await start(), await start()];
    const held = await first.client(ann).claim({ pool: POOL, wait: 60_000 });
    expect(held).toMatchObject({ pool: POOL, owner: "ann", isolation: "sandbox" });
    expect(await run(first.client(ann), held, "echo of-ann > file; exit 3")).toMatchObject({
      end: { type: "exit", exitCode: 3, isolation: "sandbox" },
    });
    expect(await run(second.client(ann), held, "cat file")).toMatchObject({ stdout: "of-ann\n" });
    await expect(run(second.client(bob), held, "cat file")).rejects.toMatchObject({ code: "container-unknown" });
    await second.client(ann).release(held);
    await until("the other one refuses it too", async () =>
      run(first.client(ann), held, "id").then(
        () => false,
        (error: unknown) => /lease-|container-unknown/.test((error as { code: string }).code),
      ),
    );
    const all = await Promise.all(
      Array.from({ length: 6 }, () => second.client(bob).claim({ pool: POOL, wait: 60_000 })),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(6);
    // More than one sandbox has: the pool has grown for those that waited.
    expect(new Set(all.map(({ id }) => id.split(".")[0])).size).toBe(2);
    const seen = await Promise.all(all.map((each) => run(second.client(bob), each, "ls -A")));
    expect(seen.map(({ stdout }) => stdout).join("")).not.toContain("file");
    await expect(second.client(ann).claim({ pool: POOL })).rejects.toMatchObject({ code: "pool-busy" });
    for (const each of all) await first.client(bob).release(each);
  },
  LIMIT,
);

test(
  "a lease that nobody renews ends, with everything that was started in its slot",
  async () => {
    const [service] = [running[0] as ServiceProcess];
    const client = service.client(ann);
    const held = await client.claim({ pool: POOL, wait: 60_000, ttl: 5000 });
    const seconds = nap();
    const gone = new AbortController();
    const cut = run(client, held, `${forksAway(seconds)} sleep ${seconds}`, gone.signal).catch(() => undefined);
    await until("it runs", () => processesWith(seconds).length > 4);
    gone.abort();
    await cut;
    await until("its tree is gone", () => processesWith(seconds).length === 0);
    await until("its lease is over", async () => {
      const { pools } = (await (
        await fetch(`${service.address}/api/pools`, { headers: { authorization: `Bearer ${ann}` } })
      ).json()) as { readonly pools: readonly { readonly leased: number }[] };
      return pools.every(({ leased }) => leased === 0);
    });
    await expect(run(client, held, "id")).rejects.toMatchObject({
      code: expect.stringMatching(/lease-|container-unknown/) as string,
    });
  },
  LIMIT,
);

test(
  "slots that nothing keeps apart are for one owner at a time, whichever service is asked",
  async () => {
    const [first, second] = running as [ServiceProcess, ServiceProcess];
    const held = await first.client(ann).claim({ pool: BARE, wait: 60_000 });
    expect(held.isolation).toBe("none");
    const more = await second.client(ann).claim({ pool: BARE, wait: 60_000 });
    await expect(second.client(bob).claim({ pool: BARE, wait: 5000 })).rejects.toMatchObject({
      code: "pool-without-isolation",
    });
    for (const each of [held, more]) await first.client(ann).release(each);
    await until("the next owner has one", () =>
      second
        .client(bob)
        .claim({ pool: BARE, wait: 5000 })
        .then(
          (lease) =>
            second
              .client(bob)
              .release(lease)
              .then(() => true),
          () => false,
        ),
    );
  },
  LIMIT,
);

test(
  "slot pools are neither drained, filled nor recycled, and it is said what to do",
  async () => {
    const client = (running[0] as ServiceProcess).client(root);
    for (const verb of ["drain", "fill", "recycle"] as const)
      await expect(client[verb](POOL)).rejects.toMatchObject({
        code: "pool-unknown",
        message: expect.stringContaining("nomad job stop") as string,
      });
  },
  LIMIT,
);
