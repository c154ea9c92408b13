import { consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { ConsulStore, SlotPool } from "../../lib/pools";

/**
 * A manager of a slot pool as a process of its own, to be killed by tests: acquires slots, runs one command in each, says so on one line, and
 * stays. Everything that it is told stands in its environment.
 */
async function main(): Promise<void> {
  const { NOMAD_ADDR, CONSUL_HTTP_ADDR, JOB = "", TOKEN = "", SLOTS = "1", COMMAND = "sleep 1000" } = process.env;
  const pool = new SlotPool({
    nomad: new NomadClient(nomadConnection({ NOMAD_ADDR })),
    store: new ConsulStore(consulConnection({ CONSUL_HTTP_ADDR })),
    job: JOB,
    token: TOKEN,
    manager: "client",
    // What is asked of it is to hold slots, not to change the pool.
    idle: 1_000_000,
    checkInterval: 1000,
    silence: 60_000,
  });
  await pool.start();
  const handles = await Promise.all(Array.from({ length: Number(SLOTS) }, (_, n) => pool.acquire(`client-${n}`)));
  const running = handles.map((handle) => pool.execute(handle, COMMAND));
  for (const one of running) one.catch((error: unknown) => console.log(`ended ${JSON.stringify(String(error))}`));
  console.log(`holding ${JSON.stringify(handles)}`);
}

void main();
