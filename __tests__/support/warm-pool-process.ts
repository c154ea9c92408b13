import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { ConsulStore, WarmPool } from "../../lib/pools";
import { runsNothing } from "./executor";
import { smallPool } from "./warm-pools";

/** What a manager in a process of its own is told. */
export interface WarmPoolProcess {
  readonly nomad: string;
  readonly consul: string;
  readonly size: number;
}

/** Looks after a pool, leases one of its containers and says which: to be killed. */
async function main({ nomad, consul, size }: WarmPoolProcess): Promise<void> {
  const job = smallPool({ size });
  const pool = new WarmPool({
    nomad: new NomadClient(nomadConnection({}, nomad)),
    consul: new ConsulClient(consulConnection({}, consul)),
    store: new ConsulStore(consulConnection({}, consul)),
    executor: runsNothing,
    pool: job.pool,
    job,
    sharedWithoutIsolation: true,
  });
  await pool.start();
  await pool.until(({ free }) => free === size, 60_000);
  process.stdout.write(`${JSON.stringify((await pool.claim({ owner: "of the dead" })).lease)}\n`);
}

void main(JSON.parse(process.argv[2] ?? "") as WarmPoolProcess);
