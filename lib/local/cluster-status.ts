import { existsSync } from "node:fs";
import { UserError } from "../errors";
import { allocationsOf, containersIn, processesIn } from "./machine";
import {
  addressOf,
  agentsOf,
  dataOf,
  filesOf,
  ONE_REGION,
  portOf,
  type Agent,
  livingAgents,
  rememberedBy,
  type LivingAgent,
  listensItself,
  readState,
  formerFolders,
  type ClusterState,
} from "./agents";
import { isReady } from "./readiness";
import { refuseForeignFolder } from "./refusals";
import { readTokens, type Tokens } from "./access";

/** What an agent of an embedded cluster is doing. */
export interface AgentStatus {
  /** `consul`, `vault` where it was asked for, `nomad`, and `consul-<region>` and `nomad-<region>` for every region after the first. */
  readonly name: string;
  /** The region of a Nomad. */
  readonly region: string | undefined;
  readonly running: boolean;
  /** Whether it answers and has a leader. */
  readonly ready: boolean;
  readonly pid: number | undefined;
  readonly version: string | undefined;
  readonly address: string;
  readonly log: string;
}

/** What an embedded cluster is doing. */
export interface ClusterStatus {
  readonly folder: string;
  readonly portOffset: number;
  readonly regions: readonly string[];
  /** Whether it refuses whoever has no token of its own. */
  readonly closed: boolean;
  /**
   * Whether its agents speak with each other alone. Where a closed cluster has it not, an older release started it: any user of the machine can join it
   * as a server, and is told all that it knows.
   */
  readonly peersOnly: boolean;
  /** Whether a server that keeps secrets is one of its agents. */
  readonly vault: boolean;
  readonly agents: readonly AgentStatus[];
  /** `running` where every agent is ready, `stopped` where nothing of it lives, `partial` between. */
  readonly phase: "running" | "partial" | "stopped";
  /** How many processes and containers of tasks live whose Nomad does not. */
  readonly abandoned: number;
  /** Whether it lives without its folder, which was removed or moved, or without what was kept there of it. */
  readonly forgotten: boolean;
  /** Its folder when it was started, where that was moved since. */
  readonly movedFrom?: string;
}

/** Whether a cluster of which nobody says otherwise asks for tokens. */
export const CLOSED_BY_DEFAULT = true;

/** What a cluster is like before anybody says otherwise. */
export const NOTHING_STARTED = { portOffset: 0, regions: ONE_REGION, closed: CLOSED_BY_DEFAULT, vault: false };

/** The tokens of a closed cluster. */
export function tokensOf(folder: string, state: ClusterState | undefined): Tokens | undefined {
  return state?.closed === true ? readTokens(folder) : undefined;
}

/** What a cluster is doing, asked of the processes and of the agents themselves. */
export async function statusOf(folder: string): Promise<ClusterStatus> {
  refuseForeignFolder(folder);
  const living = livingAgents(folder);
  const { state, forgotten } = known(folder, living);
  const layout = state ?? NOTHING_STARTED;
  const { portOffset, regions, closed, vault } = layout;
  const agents = await Promise.all(agentsOf(layout).map((agent) => agentStatus(folder, agent, { state, living })));
  const watched = new Set(
    agents.filter(({ running }) => running).flatMap(({ name }) => processesIn(filesOf(folder, name).data)),
  );
  // Docker is asked only where nobody looks after its containers.
  const unwatched = agents.filter(({ region, running }) => region !== undefined && !running);
  const containers = unwatched.flatMap(({ name }) => {
    const { data } = filesOf(folder, name);
    return existsSync(data) ? containersIn(data, allocationsOf(data)) : [];
  });
  const abandoned = processesIn(dataOf(folder)).filter((pid) => !watched.has(pid)).length + containers.length;
  const all = agents.every(({ ready }) => ready) && !forgotten;
  const phase = all ? "running" : living.length + abandoned === 0 ? "stopped" : "partial";
  const peersOnly = state?.tls ?? closed;
  const [movedFrom] = formerFolders(living);
  const moved = movedFrom === undefined ? {} : { movedFrom };
  return { folder, portOffset, regions, closed, peersOnly, vault, agents, phase, abandoned, forgotten, ...moved };
}

/**
 * What is known of a cluster: what the last command wrote down, else what its agents remember.
 *
 * @throws UserError where what was written down cannot be read, and nobody remembers
 */
function known(
  folder: string,
  living: readonly LivingAgent[],
): { readonly state?: ClusterState; readonly forgotten: boolean } {
  const remembered = rememberedBy(living);
  try {
    const state = readState(folder);
    if (state) return { state, forgotten: formerFolders(living).length > 0 };
  } catch (error) {
    if (!(error instanceof UserError) || !remembered) throw error;
  }
  return { state: remembered, forgotten: living.length > 0 };
}

/**
 * Whether it is a process of this very agent that answers at its port. Nobody else is told a token: whoever finds the port free may listen there.
 */
export function answersItself(folder: string, agent: Agent, living = livingAgents(folder)): boolean {
  return living.some(({ name, pid }) => name === agent.name && listensItself(pid, portOf(agent)));
}

/** What one agent is doing. */
export async function agentStatus(
  folder: string,
  agent: Agent,
  { state, living }: { readonly state: ClusterState | undefined; readonly living: readonly LivingAgent[] },
): Promise<AgentStatus> {
  const pid = living.find(({ name }) => name === agent.name)?.pid;
  return {
    name: agent.name,
    region: agent.region,
    running: pid !== undefined,
    ready: answersItself(folder, agent, living) && (await isReady(agent, tokensOf(folder, state))),
    pid,
    version: state?.agents[agent.name]?.version,
    address: addressOf(agent),
    log: filesOf(folder, agent.name).log,
  };
}
