import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { messageOf } from "../nomad";
import {
  dataOf,
  isConfigurationFile,
  endAgent,
  inOrderOfEnd,
  livingAgents,
  removeState,
  cleanUpFormer,
  formerFolders,
} from "./agents";
import { allocationsIn, containersIn, cleanUp, exclusively, endProcesses, processesIn, type Progress } from "./machine";
import { statusOf, type AgentStatus } from "./cluster-status";
import { isLink, refuseForeignFolder, refuseLink } from "./refusals";
import { stopJobs } from "./stop-jobs";
import { readTokens, removeTokens } from "./access";
import { abandonStore } from "./vault";

/**
 * Stops every job, every agent and whatever they left, and removes their data and their configuration. Logs stay.
 *
 * @param signal ends it on the way: what has not ended then goes on, and a later call ends it
 * @returns whether there was anything to stop
 */
export async function endCluster(folder: string, progress: Progress, signal?: AbortSignal): Promise<boolean> {
  const data = dataOf(folder);
  refuseForeignFolder(folder);
  refuseForeignFolder(data);
  if (isLink(folder)) {
    await end(folder, progress, signal);
    refuseLink(folder);
  }
  const work = async () => {
    const allocations = allocationsIn(data);
    const former = formerFolders(livingAgents(folder));
    const had = await end(folder, progress, signal);
    try {
      await cleanUpFormer(folder, former, signal);
      await cleanUp(data, { signal, allocations });
      await abandonStore(folder, signal);
      for (const file of readdirSync(folder).filter(isConfigurationFile)) rmSync(join(folder, file), { force: true });
      removeTokens(folder);
      removeState(folder);
    } catch (error) {
      throw isReadOnly(error) ? filesStay(folder) : error;
    }
    return had;
  };
  // To end what writes is what helps a disk that is full.
  return exclusively(folder, work, { evenUnwritable: true });
}

function isReadOnly(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EROFS";
}

/** Files are the last that is taken away. */
function filesStay(folder: string): UserError {
  return UserError.at(
    folder,
    "is on a file system that is read-only, so its files stay; all that ran of the cluster is ended: run cdk-nomad down again once it can be written",
    "files",
  );
}

/** Ends jobs, agents, and what tasks left running. @returns whether there was anything to end */
async function end(folder: string, progress: Progress, signal?: AbortSignal): Promise<boolean> {
  const data = dataOf(folder);
  const had =
    livingAgents(folder).length > 0 ||
    processesIn(data).length > 0 ||
    containersIn(data, allocationsIn(data)).length > 0;
  const ready = (await readyAgents(folder)).filter(({ region }) => region !== undefined);
  const tokens = readTokens(folder);
  if (ready.length > 0) {
    progress.step("stopping jobs");
    for (const { name, address } of ready) {
      try {
        await stopJobs(address, tokens, progress, signal);
      } catch (error) {
        signal?.throwIfAborted();
        progress.note(`the jobs of ${name} could not be stopped (${messageOf(error)}); their processes are ended`);
      }
    }
    // Nomad ends its helpers a moment after their tasks.
    for (let waited = 0; waited < 3000 && processesIn(data).length > 0; waited += 100)
      await sleep(100, undefined, { signal });
  }
  for (const { name } of inOrderOfEnd(livingAgents(folder))) {
    signal?.throwIfAborted();
    progress.step(`stopping ${name}`);
    await endAgent(folder, name, signal);
    progress.done(`${name} stopped`);
  }
  if (isLink(folder)) await endProcesses(processesIn(data), 3000, signal);
  return had;
}

/** The agents that answer; none where nobody knows what there is. */
async function readyAgents(folder: string): Promise<readonly AgentStatus[]> {
  try {
    return (await statusOf(folder)).agents.filter(({ ready }) => ready);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [];
  }
}
