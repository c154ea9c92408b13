import { spawn } from "node:child_process";
import { join } from "node:path";
import { Cpu, Memory, Resources } from "../../lib/jobspec";
import { consulConnection, type JobJson } from "../../lib/nomad";
import {
  ConsulStore,
  PoolServiceJob,
  SlotPool,
  SlotPoolJob,
  WarmPoolJob,
  type ExecuteOptions,
  type SlotHandle,
} from "../../lib/pools";
import { createToken, ServiceClient, tokenText, type RunEvent, type ServedContainer } from "../../lib/service";
import { TestCluster } from "../support/cluster";
import { OwnDocker } from "../support/own-docker";
import { machineProcesses, nap, processesWith } from "../support/processes";
import { ended } from "../support/project";
import { until } from "../support/until";

const ROOT = join(__dirname, "../..");
const reason = OwnDocker.whyNot();
if (reason !== undefined) console.log(`skipped: pools in containers of a real Docker; ${reason}`);
const withDocker = reason === undefined ? describe : describe.skip;

/** Slots of a sandbox. */
const SLOTS = 3;
/** MiB of a sandbox. */
const MEMORY = 256;
/** Takes memory until it is ended, and says how it was. */
const HOG = "node -e 'const all = []; for (;;) all.push(Buffer.alloc(8e6, 1))'; echo $?";

withDocker("with the images that npm run images makes", () => {
  const docker = new OwnDocker();
  const cluster = new TestCluster();
  const running = () => (docker.docker("ps", "--all", "--format", "{{.Image}}") ?? "").split("\n").filter(Boolean);
  const resources = (mebibytes: number) => new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(mebibytes) });

  beforeAll(async () => {
    await docker.start();
    const names = ["polydev-openai-runtime", "hermes-sandbox", "cdk-nomad-service"];
    const child = spawn("npm", ["run", "--silent", "images", "--", ...names], {
      cwd: ROOT,
      env: { ...process.env, DOCKER_HOST: docker.host },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const made = await ended(child);
    if (made.code !== 0) throw new Error(made.stderr);
    await cluster.start({ DOCKER_HOST: docker.host });
  }, 240_000);

  afterAll(async () => {
    await cluster.end();
    await docker.remove();
  }, 120_000);

  describe("the service is a container, and hands out those of a warm pool", () => {
    const pool = WarmPoolJob.nameOf("openai");
    const { token, line } = createToken({ owner: "ann", scopes: ["claim", "execute", "read"] });
    let client: ServiceClient;

    const run = async (held: ServedContainer, command: string, more = {}): Promise<readonly RunEvent[]> => {
      const events: RunEvent[] = [];
      for await (const event of client.execute(held, { command, ...more }, new AbortController().signal))
        events.push(event);
      return events;
    };

    beforeAll(async () => {
      await cluster.nomad.setVariable(`nomad/jobs/${PoolServiceJob.ID}`, { tokens: tokenText(line) }, 0);
      const { NOMAD_ADDR: nomadAddress, CONSUL_HTTP_ADDR: consulAddress } = cluster.addresses;
      const consulIdentity = cluster.environment.CDK_NOMAD_CLOSED === "true";
      const at = { nomadAddress, consulAddress, consulIdentity, listen: "127.0.0.1", port: cluster.port(1) };
      const service = new PoolServiceJob({ pools: [pool], ...at });
      const warm = new WarmPoolJob({ provider: "openai", size: 2, resources: resources(32) });
      for (const job of [warm, service]) await cluster.nomad.register(job.toApi().Job as JobJson);
      const address = `http://127.0.0.1:${at.port}`;
      client = new ServiceClient({ address, token });
      await until("the service is ready", () =>
        fetch(`${address}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
    }, 120_000);

    test("each is used once, its secrets stand nowhere, and another takes its place", async () => {
      expect(running()).toContain("cdk-nomad-service:0.1.0");
      const key = `key-of-ann-${nap()}`;
      const held = await client.claim({ pool, wait: 60_000 });
      expect(held).toMatchObject({ owner: "ann", isolation: "container" });
      const seconds = nap();
      const during = run(held, `echo "$KEY"; sleep ${seconds}`, { secrets: { KEY: key }, timeout: 60_000 });
      during.catch(() => undefined);
      await until("its command", () => processesWith(`sleep ${seconds}`).length > 0);
      const containers = (docker.docker("ps", "--quiet") ?? "").split("\n").filter(Boolean);
      const seen = [docker.docker("inspect", ...containers), ...containers.map((id) => docker.docker("logs", id))];
      expect([containers.length, seen.join("\n").includes(key)]).toEqual([3, false]);
      expect(machineProcesses().filter(({ command }) => command.includes(key))).toEqual([]);
      await client.release(held);
      await during.catch(() => undefined);
      await until("the end of its command", () => processesWith(`sleep ${seconds}`).length === 0);
      const next = await client.claim({ pool, wait: 60_000 });
      expect(next.id).not.toBe(held.id);
      const said = await run(next, 'echo "[$KEY]"; exit 4');
      expect(said).toEqual([
        expect.objectContaining({ type: "stdout", data: "[]\n" }),
        expect.objectContaining({ type: "exit", exitCode: 4, isolation: "container" }),
      ]);
      await client.release(next);
      await until("two containers and the service", () => running().length === 3);
    }, 120_000);

    test("nothing of them is left when the jobs are purged", async () => {
      await cluster.purge();
      await until("no container", () => running().length === 0);
      expect(running()).toEqual([]);
    }, 60_000);
  });

  describe("two sandboxes of three slots are containers", () => {
    let pool: SlotPool;
    let handles: SlotHandle[];
    const job = new SlotPoolJob({ slots: SLOTS, min: 2, max: 2, resources: resources(MEMORY) });
    const execute = (handle: SlotHandle | undefined, command: string, options: ExecuteOptions = {}) =>
      pool.execute(handle as SlotHandle, command, { timeout: 60_000, ...options });

    beforeAll(async () => {
      const store = new ConsulStore(consulConnection(cluster.environment));
      pool = new SlotPool({ nomad: cluster.nomad, store, job });
      await pool.start();
      handles = await Promise.all(Array.from({ length: 2 * SLOTS }, (_, number) => pool.acquire(`task-${number}`)));
      handles.sort((a, b) => a.lease.slot.localeCompare(b.lease.slot));
    }, 120_000);

    test("every slot has a user, an environment and a workspace of its own", async () => {
      expect(new Set(handles.map(({ lease }) => lease.slot)).size).toBe(2 * SLOTS);
      const said = await Promise.all(
        handles.map((handle, number) =>
          execute(handle, 'id -u; echo "$KEY" > of-mine; cat of-mine; cat /data/slot_*/of-mine 2>/dev/null', {
            secrets: { KEY: `key ${number}` },
          }),
        ),
      );
      expect(said.map(({ stdout }) => stdout.split("\n").slice(1))).toEqual(
        handles.map((_, number) => [`key ${number}`, ""]),
      );
      const tools = "awk base64 bash dd find grep gzip sed seq setsid stat tar timeout xargs";
      const missing = await execute(
        handles[0],
        `for tool in ${tools}; do command -v $tool >/dev/null || echo $tool; done`,
      );
      expect(missing.stdout).toBe("");
      // The kernel counts a user's processes over all containers of a node.
      expect(new Set(said.map(({ stdout }) => stdout.split("\n")[0])).size).toBe(2 * SLOTS);
    }, 60_000);

    test("a fork bomb in one stops no command in another, and is gone after its time", async () => {
      const seconds = nap();
      const forks = `while :; do sleep ${seconds} & done`;
      const bomb = execute(handles[0], `(${forks}) & (${forks}) & (${forks}) & wait`, { timeout: 10_000 });
      bomb.catch(() => undefined);
      await until("as many processes as a slot may have", () => processesWith(`sleep ${seconds}`).length > 490);
      const others = await Promise.all(
        handles.slice(1).map((handle) => execute(handle, "for i in 1 2 3; do sleep 0; done; echo $(echo well)")),
      );
      expect(others.map(({ stdout, exitCode }) => [stdout, exitCode])).toEqual(others.map(() => ["well\n", 0]));
      expect((await bomb).exitCode).toBe(124);
      expect(processesWith(seconds)).toEqual([]);
      expect((await execute(handles[0], "echo well")).stdout).toBe("well\n");
    }, 90_000);

    test("one that takes more memory than the sandbox has is ended; its server and the others go on", async () => {
      const kept = execute(handles[1], "sleep 6; echo kept");
      const hog = await execute(handles[0], HOG);
      expect(hog.stdout).toBe("137\n");
      expect((await kept).stdout).toBe("kept\n");
      const others = await Promise.all(handles.map((handle) => execute(handle, "cat of-mine")));
      expect(others.map(({ stdout }) => stdout)).toEqual(handles.map((_, number) => `key ${number}\n`));
      const states = (await cluster.nomad.allocations(job.id)).map(({ TaskStates }) => TaskStates["sandbox-server"]);
      expect(states.map((state) => [state?.State, state?.Restarts])).toEqual([
        ["running", 0],
        ["running", 0],
      ]);
    }, 90_000);

    test("a slot that is released is empty for the next one, and nothing is left when the job is purged", async () => {
      await Promise.all(handles.map((handle) => pool.release(handle)));
      const again = await Promise.all(handles.map((_, number) => pool.acquire(`again-${number}`)));
      const said = await Promise.all(again.map((handle) => execute(handle, 'ls -A . /tmp; echo "[$KEY]"')));
      expect(said.map(({ stdout }) => stdout)).toEqual(again.map(() => ".:\n\n/tmp:\n[]\n"));
      await pool.stop();
      await cluster.purge();
      await until("no container", () => running().length === 0);
    }, 60_000);
  });
});
