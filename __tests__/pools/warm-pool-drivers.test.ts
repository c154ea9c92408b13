import { NomadExecutor, type Execution, type WarmPool } from "../../lib/pools";
import { TestCluster } from "../support/cluster";
import { OwnDocker } from "../support/own-docker";
import { nap, processesWith } from "../support/processes";
import { until } from "../support/until";
import { smallPool, TestPools } from "../support/warm-pools";

const reason = OwnDocker.whyNot();
if (reason !== undefined) console.log(`skipped: a warm pool of containers of a real Docker; ${reason}`);
const isRoot = process.platform === "linux" && process.getuid?.() === 0;
if (!isRoot) console.log("skipped: a warm pool of the exec driver, which needs Linux and root");

const docker = new OwnDocker();
const cluster = new TestCluster();
const pools = new TestPools(cluster);
beforeAll(async () => {
  if (reason === undefined) {
    await docker.start();
    docker.importSmallest("tiny:1");
  }
  await cluster.start(reason === undefined ? { DOCKER_HOST: docker.host } : {});
}, 240_000);
afterAll(async () => {
  await pools.stopAll();
  await cluster.end();
  if (reason === undefined) await docker.remove();
}, 120_000);

const drivers: readonly (readonly [string, boolean, Execution, string])[] = [
  ["exec", isRoot, { kind: "exec" }, "chroot"],
  ["docker", reason === undefined, { kind: "docker", image: "tiny:1" }, "container"],
];

for (const [name, can, execution, isolation] of drivers) {
  const withDriver = can ? describe : describe.skip;
  withDriver(`a pool of ${name}`, () => {
    test("keeps its users apart, uses each container once and replaces it, and nothing of a user is left", async () => {
      const { nomad, consul, store } = pools.connections();
      const job = smallPool({ size: 2, execution, shared: false });
      const pool: WarmPool = await pools.start({
        ...{ nomad, consul, store, job, executor: new NomadExecutor(nomad) },
      });
      await pool.until(({ free }) => free === 2, 120_000);
      const [ada, eve] = [await pool.claim({ owner: "ada" }), await pool.claim({ owner: "eve" })];
      expect([ada.place.isolation, eve.place.isolation]).toEqual([isolation, isolation]);
      const [seconds, key] = [nap(), `key-${nap()}`];
      const line = `echo "$KEY" > /tmp/of-ada; (setsid sleep ${seconds} &); echo "$KEY"`;
      expect(await pool.execute(ada.lease, line, { secrets: { KEY: key } })).toMatchObject({
        exitCode: 0,
        stdout: `${key}\n`,
        isolation,
      });
      expect((await pool.execute(eve.lease, "cat /tmp/of-ada; ls /tmp; env")).stdout).not.toMatch(/of-ada|key-/);
      const running = pool.execute(ada.lease, `sleep ${seconds}`).catch((error: unknown) => error);
      await until("its start", () => processesWith(`sleep ${seconds}`).length > 0);
      await pool.release(ada.lease);
      expect(await running).toBeInstanceOf(Error);
      await until("the end of its processes", () => processesWith(`sleep ${seconds}`).length === 0);
      await pool.until(({ free, leased }) => free === 1 && leased === 1, 120_000);
      const next = await pool.claim({ owner: "bob" });
      expect([ada.lease.slot, eve.lease.slot]).not.toContain(next.lease.slot);
      expect((await pool.execute(next.lease, "ls /tmp")).stdout).not.toContain("of-ada");
      expect((await pool.execute(eve.lease, "echo still")).stdout).toBe("still\n");
      await pool.release(eve.lease);
      await pool.release(next.lease);
      await pools.stop(pool);
      await cluster.purge();
    }, 180_000);
  });
}
