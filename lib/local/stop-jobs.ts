import { setTimeout as sleep } from "node:timers/promises";
import { evaluated, NomadClient, nomadConnection, purgeStopped } from "../nomad";
import type { Progress } from "./machine";
import type { Tokens } from "./access";

/**
 * Jobs of all namespaces are stopped before their agent, which leaves its tasks running when it ends. They are forgotten once the scheduler has
 * stopped what they run: an agent that is told to forget a job while it still places its allocations can end with it.
 */
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
    const stopped: (() => Promise<void>)[] = [];
    for (const { ID, Namespace } of jobs) {
      signal?.throwIfAborted();
      const there = nomad.where({ Namespace });
      const { EvalID: evaluation } = await there.deregister(ID, { purge: false });
      stopped.push(async () => {
        await evaluated(there, evaluation, signal);
        await purgeStopped(there, ID);
      });
    }
    for (let waited = 0; waited < 30_000; waited += 100) {
      const alive = (await everywhere.allAllocations()).filter((allocation) =>
        ["pending", "running"].includes(allocation.ClientStatus),
      );
      if (alive.length === 0) break;
      progress.detail(`${alive.length} allocations are stopping`);
      await sleep(100, undefined, { signal });
    }
    for (const forget of stopped) await forget();
    if (jobs.length > 0) progress.done(jobs.length === 1 ? "1 job stopped" : `${jobs.length} jobs stopped`);
  } finally {
    await nomad.close();
  }
}
