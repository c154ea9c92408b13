import { readFileSync } from "node:fs";
import { consulConnection } from "../../lib/nomad";
import { ConsulStore, SlotPool, type ExecuteOptions, type SlotHandle } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { nap, processesWith } from "../support/processes";
import { Bundles, RealSandboxes } from "../support/sandboxes";
import { until } from "../support/until";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;
if (!isRoot) console.log("skipped: what commands of sandboxes that are processes may take, which needs Linux and root");
const asRoot = isRoot ? describe : describe.skip;

/** Takes memory until it is ended, and says how it was. */
const HOG = `${process.execPath} -e 'const all = []; for (;;) all.push(Buffer.alloc(16e6, 1))' >&2; echo $?`;

/** CAP_SYS_RESOURCE: who has it decides for others how soon the kernel ends them. */
const decides =
  ((BigInt(`0x${/CapEff:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]}`) >> 24n) & 1n) === 1n;
if (!decides)
  console.log("skipped: commands that would have the server ended in their place; it takes CAP_SYS_RESOURCE");
const testWhere = decides ? test : test.skip;

/** Takes memory in small parts, each of which asks the kernel to be ended no sooner than the server. */
const HOGS =
  "for i in $(seq 12); do (echo 0 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj; " +
  "x=$(head -c 9000000 /dev/zero | tr '\\0' x); sleep 2) & done 2>/dev/null; wait; echo over";

asRoot("two sandboxes of two slots that are processes of the node", () => {
  const cluster = clusterForSuite();
  const bundles = new Bundles();
  const sandboxes = new RealSandboxes(bundles);
  afterAll(() => bundles.remove());

  describe.each(["bubblewrap", "user"])("kept apart by %s", (isolation) => {
    const id = `limits-${isolation}`;
    let pool: SlotPool;
    let handles: SlotHandle[];
    const execute = (handle: SlotHandle | undefined, command: string, options: ExecuteOptions = {}) =>
      pool.execute(handle as SlotHandle, command, { timeout: 60_000, ...options });
    const servers = async () =>
      (await cluster.nomad.allocations(id)).map(({ TaskStates }) => {
        const state = TaskStates["sandbox-server"];
        return `${state?.State} ${state?.Restarts}`;
      });

    beforeAll(async () => {
      const args = ["--isolation", isolation, "--limit", "memory=512"];
      await cluster.nomad.register(sandboxes.job({ id, count: 2, min: 2, max: 2, slots: 2, args }));
      const store = new ConsulStore(consulConnection(cluster.environment));
      pool = new SlotPool({ nomad: cluster.nomad, store, job: id, token: sandboxes.token });
      await pool.start();
      handles = await Promise.all([0, 1, 2, 3].map((number) => pool.acquire(`task-${number}`)));
    }, 60_000);

    afterAll(async () => {
      await pool.stop();
      await cluster.purge();
    }, 60_000);

    test("a fork bomb in one slot stops no command in another, and is gone after its time", async () => {
      const seconds = nap();
      const forks = `while :; do sleep ${seconds} & done`;
      const bomb = execute(handles[0], `(${forks}) & (${forks}) & (${forks}) & wait`, { timeout: 10_000 });
      await until("as many processes as a slot may have", () => processesWith(`sleep ${seconds}`).length > 490);
      const others = await Promise.all(handles.slice(1).map((handle) => execute(handle, "echo $(echo well)")));
      expect(others.map(({ stdout, exitCode }) => [stdout, exitCode])).toEqual(others.map(() => ["well\n", 0]));
      expect((await bomb).exitCode).toBe(124);
      expect(processesWith(seconds)).toEqual([]);
      expect((await execute(handles[0], "echo well")).stdout).toBe("well\n");
      expect(await servers()).toEqual(["running 0", "running 0"]);
    }, 90_000);

    test("a command that takes too much memory is ended; its server and the others go on", async () => {
      const kept = execute(handles[1], "sleep 4; echo kept");
      const hog = await execute(handles[0], HOG);
      expect(Number(hog.stdout)).toBeGreaterThan(0);
      expect((await kept).stdout).toBe("kept\n");
      const others = await Promise.all(handles.map((handle) => execute(handle, "echo well")));
      expect(others.map(({ stdout }) => stdout)).toEqual(others.map(() => "well\n"));
      expect(await servers()).toEqual(["running 0", "running 0"]);
    }, 90_000);

    testWhere(
      "many that take it together, and would have the server ended in their place, do not",
      async () => {
        const said = await execute(handles[0], HOGS);
        expect(said.stdout.split("\n")).toContain("over");
        expect(said.stdout).not.toMatch(/^0$/m);
        const others = await Promise.all(handles.map((handle) => execute(handle, "echo well")));
        expect(others.map(({ stdout }) => stdout)).toEqual(others.map(() => "well\n"));
        expect(await servers()).toEqual(["running 0", "running 0"]);
      },
      90_000,
    );
  });
});
