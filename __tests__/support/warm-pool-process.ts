import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { ConsulStore, WarmPool } from "../../lib/pools";
import { runsNothing } from "./executor";
import { smallPool } from "./warm-pools";

/** What a manager in a process of its own is told, beside the cluster in its environment. */
export interface WarmPoolProcess {
  readonly size: number;
}

/** Looks after a pool, leases one of its containers and says which: to be killed. */
async function main({ size }: WarmPoolProcess): Promise<void> {
  const job = smallPool({ size });
  const pool = new WarmPool({
    nomad: new NomadClient(nomadConnection(process.env)),
    consul: new ConsulClient(consulConnection(process.env)),
    store: new ConsulStore(consulConnection(process.env)),
    executor: runsNothing,
    pool: job.pool,
    job,
  });
  await pool.start();
  await pool.until(({ free }) => free === size, 60_000);
  process.stdout.write(`${JSON.stringify((await pool.claim({ owner: "of the dead" })).lease)}\n`);
}

void main(JSON.parse(process.argv[2] ?? "") as WarmPoolProcess);
