import { setTimeout as sleep } from "node:timers/promises";
import { NomadClient, nomadConnection } from "../nomad";
import type { Progress } from "./machine";
import type { Tokens } from "./access";

/** Jobs of all namespaces are stopped before their agent: an agent that ends leaves its tasks running. */
export async function stopJobs(
  address: string,
  tokens: Tokens | undefined,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const nomad = new NomadClient(nomadConnection(tokens ? { NOMAD_TOKEN: tokens.nomad } : {}, address));
  try {
    const everywhere = nomad.where({ Namespace: "*" });
    const jobs = await everywhere.jobs();
    for (const { ID, Namespace } of jobs) {
      signal?.throwIfAborted();
      await nomad.where({ Namespace }).deregister(ID, { purge: true });
    }
    for (let waited = 0; waited < 30_000; waited += 100) {
      const alive = (await everywhere.allAllocations()).filter((allocation) =>
        ["pending", "running"].includes(allocation.ClientStatus),
      );
      if (alive.length === 0) break;
      progress.detail(`${alive.length} allocations are stopping`);
      await sleep(100, undefined, { signal });
    }
    if (jobs.length > 0) progress.done(jobs.length === 1 ? "1 job stopped" : `${jobs.length} jobs stopped`);
  } finally {
    await nomad.close();
  }
}
