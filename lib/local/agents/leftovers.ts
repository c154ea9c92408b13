import { realpathSync } from "node:fs";
import type { ConsulClient } from "../../nomad";
import { dataOf, filesOf, isConsul, isConsulServer, isVault } from "./agents";
import { allocationsOf, cleanUp, refuseLeft, endProcesses, processesIn, type Progress } from "../machine";
import { forgetServices } from "./consul-services";
import { formerFolders, livingAgents, type LivingAgent } from "./living-agents";
import { hasState, readState } from "./state";

// What an accident leaves of a cluster, and how it is ended.

/** How long an agent has to end by itself, in milliseconds. */
const GRACE = 15_000;

interface Ending {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What is to be known of an agent of the cluster. */
interface KnownAgent {
  readonly name: string;
  /** The region of a Nomad. */
  readonly region: string | undefined;
  readonly running: boolean;
}

/** Ends an agent of a cluster's folder. @throws UserError where this user cannot */
export async function endAgent(folder: string, agent: string, signal?: AbortSignal): Promise<void> {
  const pids = livingAgents(folder).flatMap(({ name, pid }) => (name === agent ? [pid] : []));
  refuseLeft(await endProcesses(pids, GRACE, signal));
}

/** Consul last: a Nomad that ends takes its services out of it. */
export function inOrderOfEnd(living: readonly LivingAgent[]): readonly LivingAgent[] {
  const order = ({ name }: LivingAgent) => (isConsul(name) ? 2 : isVault(name) ? 1 : 0);
  return living.toSorted((one, other) => order(one) - order(other));
}

/**
 * Ends what the tasks of a cluster left where its folder was before it was moved, with what its Nomad made there since; nothing where another cluster is there by
 * now.
 *
 * @param former as of {@link formerFolders}, asked before the agents were ended
 */
export async function cleanUpFormer(folder: string, former: readonly string[], signal?: AbortSignal): Promise<number> {
  let ended = 0;
  for (const at of former) {
    const behind = realPath(at);
    // Where a link leads from there to here, as after a move to a larger disk, its files are removed here.
    const isHere = behind === realPath(folder);
    if (!isHere && (hasState(at) || livingAgents(at).length > 0)) continue;
    const processes = processesIn(dataOf(at));
    refuseLeft(await endProcesses(processes, TASK_GRACE, signal));
    ended += processes.length;
    if (behind === at) ended += await cleanUp(dataOf(at), { signal });
  }
  return ended;
}

/** How long what tasks left has to end by itself, in milliseconds. */
const TASK_GRACE = 3000;

/** A folder without links on the way to it; as it is, where it is not there. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Ends what lives of a cluster whose folder was removed or moved: its data are gone for it, and with them whatever could be taken over. */
export async function endForgotten(folder: string, { progress, signal }: Ending): Promise<void> {
  const living = livingAgents(folder);
  const former = formerFolders(living);
  progress.step("ending what lives without its folder");
  for (const { name } of inOrderOfEnd(living)) await endAgent(folder, name, signal);
  const elsewhere = await cleanUpFormer(folder, former, signal);
  const processes = elsewhere + (await cleanUp(dataOf(folder), { signal }));
  const agents = `${living.map(({ name }) => name).join(" and ")} ${living.length === 1 ? "was" : "were"} ended`;
  progress.note(
    `${former[0] ?? folder} was ${former.length > 0 ? "moved" : "removed"} while its cluster ran: ${agents}${andProcesses(processes)}; deploy again what ran`,
  );
}

/**
 * Ends what ended agents left: tasks that nobody watches any more hold their ports. Where the server of Consul has ended, everything is:
 * with it have gone what jobs read, what they may do, and where they are found.
 *
 * @param consulOf a client of the Consul agent that a Nomad registers with, by the Nomad's name
 * @returns whether agents of it live on, with what they run
 */
export async function endAbandoned(
  folder: string,
  agents: readonly KnownAgent[],
  { progress, signal, consulOf }: Ending & { readonly consulOf: (nomad: string) => ConsulClient | undefined },
): Promise<boolean> {
  const known = readState(folder)?.agents ?? {};
  const lostAll = agents.some(({ name, running }) => isConsulServer(name) && !running);
  const others = lostAll ? inOrderOfEnd(livingAgents(folder)).map(({ name }) => name) : [];
  for (const name of others) await endAgent(folder, name, signal);
  if (lostAll) {
    const gone = agents
      .filter(({ name }) => known[name] !== undefined && !others.includes(name))
      .map(({ name }) => name);
    const processes = await cleanUp(dataOf(folder), { signal });
    if (gone.length === 0) return false;
    const also = others.length > 0 ? `; ${others.join(" and ")} ${others.length === 1 ? "was" : "were"} ended too` : "";
    progress.note(
      `${gone.join(" and ")} had ended, and what ran with it${also}${andProcesses(processes)}; deploy it again`,
    );
    return false;
  }
  for (const { name, region, running } of agents) {
    if (running) continue;
    if (isVault(name)) {
      if (known[name] !== undefined) progress.note(`${name} had ended; what it keeps is there still`);
      continue;
    }
    const { data } = filesOf(folder, name);
    const allocations = allocationsOf(data);
    const processes = await cleanUp(data, { signal, allocations });
    const consul = allocations.size > 0 ? consulOf(name) : undefined;
    if (consul) await forgetServices(consul, allocations);
    if (known[name] === undefined) continue;
    progress.note(
      region === undefined
        ? `${name} had ended`
        : `${name} had ended, and its jobs with it${andProcesses(processes)}; deploy again what ran`,
    );
  }
  return true;
}

function andProcesses(count: number): string {
  if (count === 0) return "";
  return count === 1 ? "; 1 process of its tasks was ended" : `; ${count} processes of its tasks were ended`;
}
