import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Lease } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { until } from "../support/until";
import { TestPools } from "../support/warm-pools";
import type { WarmPoolProcess } from "../support/warm-pool-process";

const cluster = clusterForSuite();
const pools = new TestPools(cluster);
afterAll(() => pools.stopAll());

test("a manager that looks after a pool is killed: another goes on, ends what the dead one leased, and leaves its own leases alone", async () => {
  const told: WarmPoolProcess = { size: 3 };
  const loader = pathToFileURL(require.resolve("tsx")).href;
  const file = join(__dirname, "../support/warm-pool-process.ts");
  const child = spawn(process.execPath, ["--import", loader, file, JSON.stringify(told)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...cluster.environment },
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const lost = JSON.parse(line.toString()) as Lease;
    const pool = await pools.start({});
    await pool.until(({ free, leased }) => free === 2 && leased === 1, 30_000);
    const own = await pool.claim({ owner: "of the living" });
    expect(own.lease.slot).not.toBe(lost.slot);

    child.kill("SIGKILL");
    await once(child, "exit");
    await pool.resize(5);
    await pool.until(({ free, leased, coming }) => free === 4 && leased === 1 && coming === 0, 60_000);
    await until("the end of its container", async () => {
      const found = await cluster.nomad.allocation(lost.slot);
      return found === undefined || found.ClientStatus === "complete";
    });
    expect(await pool.book.find(lost.slot)).toBeUndefined();
    await pool.book.check(own.lease);
    expect(await cluster.nomad.allocation(own.lease.slot)).toMatchObject({
      DesiredStatus: "run",
      ClientStatus: "running",
    });
    expect(pool.status().managers).toHaveLength(1);
  } finally {
    child.kill("SIGKILL");
  }
}, 120_000);
