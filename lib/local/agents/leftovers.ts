import type { ConsulClient } from "../../nomad";
import { dataOf, filesOf, isConsul, isConsulServer, isVault } from "./agents";
import { allocationsOf, cleanUp, refuseLeft, endProcesses, type Progress } from "../machine";
import { forgetServices } from "./consul-services";
import { livingAgents, type LivingAgent } from "./living-agents";
import { readState } from "./state";

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

/** Ends what lives of a cluster whose folder was removed: its data are gone, and with them whatever could be taken over. */
export async function endForgotten(folder: string, { progress, signal }: Ending): Promise<void> {
  const living = livingAgents(folder);
  progress.step("ending what lives without its folder");
  for (const { name } of inOrderOfEnd(living)) await endAgent(folder, name, signal);
  const processes = await cleanUp(dataOf(folder), { signal });
  const agents = `${living.map(({ name }) => name).join(" and ")} ${living.length === 1 ? "was" : "were"} ended`;
  progress.note(
    `${folder} was removed while its cluster ran: ${agents}${andProcesses(processes)}; deploy again what ran`,
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
