import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../jobspec";
import { messageOf } from "../nomad";
import { privateFolder } from "../private-files";
import { Access, consulOf } from "./access";
import {
  addressOf,
  agentsOf,
  CLUSTER_MARK,
  configOf,
  filesOf,
  isConfigurationFile,
  ONE_REGION,
  startAgent,
  templateEnvironment,
  type Agent,
} from "./agents";
import { getBinaries, type Binary } from "./binaries";
import { allocationsIn } from "./cgroups";
import { cleanUp } from "./clean-up";
import type { JobAccess } from "./consul-acl";
import { exclusively } from "./exclusive";
import { federate } from "./federation";
import { endAbandoned, endAgent, endForgotten, inOrderOfEnd } from "./leftovers";
import { licenceOf } from "./licences";
import { livingAgents, rememberedBy, type LivingAgent } from "./living-agents";
import { writeLoginPage } from "./login-page";
import type { Machine } from "./machine";
import { endProcesses, processesIn } from "./processes";
import type { Progress } from "./progress";
import { refuseForeignFolder, refusePlatform } from "./refusals";
import { isReady, leads } from "./readiness";
import { refuseTakenPorts } from "./refuse-ports";
import { readState, removeState, writeState, type ClusterState } from "./state";
import { stopJobs } from "./stop-jobs";
import { makeTokens, readTokens, removeTokens, tokenFileOf, tokensFolder, type Tokens } from "./tokens";

/** What an agent of an embedded cluster is doing. */
export interface AgentStatus {
  /** `consul`, `nomad`, and `nomad-<region>` for every region after the first. */
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
  readonly agents: readonly AgentStatus[];
  /** `running` where every agent is ready, `stopped` where nothing of it lives, `partial` between. */
  readonly phase: "running" | "partial" | "stopped";
  /** How many processes of tasks live whose Nomad does not. */
  readonly abandoned: number;
  /** Whether it lives without its folder, which was removed, or without what was kept there of it. */
  readonly forgotten: boolean;
}

/** What starting needs. */
export interface UpOptions {
  readonly portOffset?: number;
  /** Names of the regions, each a Nomad of its own, federated with the others. Default: one, `global`. */
  readonly regions?: readonly string[];
  /**
   * Whether Nomad and Consul ask for tokens, which are made here and kept in the cluster's folder. An open cluster obeys every user of the
   * machine, and every page in a browser on it. Default: as the cluster that runs, else {@link CLOSED_BY_DEFAULT}.
   */
  readonly closed?: boolean;
  /** What jobs may do on a closed cluster by their own identity, beyond what every task may. Default: nothing */
  readonly jobs?: readonly JobAccess[];
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly machine: Machine;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

const START_LIMIT = 60_000;

/** Whether a cluster of which nobody says otherwise asks for tokens. */
const CLOSED_BY_DEFAULT = true;

/** What a cluster is like before anybody says otherwise. */
const NOTHING_STARTED = { portOffset: 0, regions: ONE_REGION, closed: CLOSED_BY_DEFAULT };

/** A Consul and a Nomad, or one for each region, on this machine, on loopback only, with all that they keep in one folder. */
export class EmbeddedCluster {
  constructor(readonly folder: string) {}

  /** Addresses of the agents, for clients and for environment variables. */
  addresses(): { readonly nomad: string; readonly consul: string; readonly portOffset: number } | undefined {
    const state = readState(this.folder) ?? rememberedBy(livingAgents(this.folder));
    if (!state) return undefined;
    const [consul, nomad] = agentsOf(state) as [Agent, Agent];
    return { nomad: addressOf(nomad), consul: addressOf(consul), portOffset: state.portOffset };
  }

  /**
   * The variables that point nomad, consul, terraform and clients at it: addresses, and of a closed one the tokens that may do everything.
   * Undefined where no cluster was started.
   */
  environment(): Readonly<Record<string, string>> | undefined {
    const addresses = this.addresses();
    if (!addresses) return undefined;
    const tokens = this.tokensOf(readState(this.folder));
    return {
      NOMAD_ADDR: addresses.nomad,
      ...(tokens ? { NOMAD_TOKEN: tokens.nomad } : {}),
      CONSUL_HTTP_ADDR: addresses.consul,
      ...(tokens ? { CONSUL_HTTP_TOKEN: tokens.consul } : {}),
    };
  }

  /** The address of a page of its own that leads a browser to another address, with a token that nobody else sees. */
  loginPage(address: URL): string {
    return writeLoginPage(tokensFolder(this.folder), address);
  }

  /** The variables by which a program knows what jobs for it are like: how its ports are moved, and whether it is closed. */
  surroundings(): Readonly<Record<string, string>> {
    const state = readState(this.folder);
    return {
      ...(state?.portOffset ? { CDK_NOMAD_PORT_OFFSET: String(state.portOffset) } : {}),
      ...(state?.closed ? { CDK_NOMAD_CLOSED: "true" } : {}),
    };
  }

  /** The tokens of a closed one. */
  private tokensOf(state: ClusterState | undefined): Tokens | undefined {
    return state?.closed === true ? readTokens(this.folder) : undefined;
  }

  /** Where the Nomad of a region makes a folder for each allocation. @param region Default: the first one */
  allocationsFolder(region?: string): string {
    const nomad = agentsOf(readState(this.folder) ?? NOTHING_STARTED).find((agent) => agent.region === region);
    return join(filesOf(this.folder, nomad?.name ?? "nomad").data, "alloc");
  }

  /** Whether an address is that of one of its Nomads, and that one lives: whatever else answers there is somebody else's. */
  isAt(address: string): boolean {
    const state = readState(this.folder);
    if (!state) return false;
    const own = agentsOf(state).find((agent) => agent.program === "nomad" && isSameAddress(addressOf(agent), address));
    return own !== undefined && livingAgents(this.folder).some(({ name }) => name === own.name);
  }

  /** The agents whose processes live, and how many processes of their tasks do. Nobody is asked who might not answer. */
  alive(): { readonly agents: readonly string[]; readonly others: number } {
    return { agents: livingAgents(this.folder).map(({ name }) => name), others: processesIn(this.data).length };
  }

  /** What it is doing, asked of the processes and of the agents themselves. */
  async status(): Promise<ClusterStatus> {
    refuseForeignFolder(this.folder);
    const living = livingAgents(this.folder);
    const { state, forgotten } = this.known(living);
    const layout = state ?? NOTHING_STARTED;
    const { portOffset, regions, closed } = layout;
    const agents = await Promise.all(agentsOf(layout).map((agent) => this.agentStatus(agent, state, living)));
    const watched = new Set(
      agents.filter(({ running }) => running).flatMap(({ name }) => processesIn(filesOf(this.folder, name).data)),
    );
    const abandoned = processesIn(this.data).filter((pid) => !watched.has(pid)).length;
    const all = agents.every(({ ready }) => ready) && !forgotten;
    const phase = all ? "running" : living.length + abandoned === 0 ? "stopped" : "partial";
    return { folder: this.folder, portOffset, regions, closed, agents, phase, abandoned, forgotten };
  }

  /**
   * What is known of it: what the last command wrote down, else what its agents remember.
   *
   * @throws UserError where what was written down cannot be read, and nobody remembers
   */
  private known(living: readonly LivingAgent[]): { readonly state?: ClusterState; readonly forgotten: boolean } {
    const remembered = rememberedBy(living);
    try {
      const state = readState(this.folder);
      if (state) return { state, forgotten: false };
    } catch (error) {
      if (!(error instanceof UserError) || !remembered) throw error;
    }
    return { state: remembered, forgotten: living.length > 0 };
  }

  private get data(): string {
    return join(this.folder, "data");
  }

  /**
   * Starts what does not run yet, and waits until all of it is ready.
   *
   * @returns what runs, and whether all of it did before
   * @throws UserError where a port is taken (and nothing is started), a binary is missing, or an agent does not get ready
   */
  async up(options: UpOptions): Promise<{ readonly status: ClusterStatus; readonly before: boolean }> {
    refusePlatform(options.machine);
    this.refuseLink();
    refuseForeignFolder(this.folder);
    return exclusively(this.folder, async () => {
      const before = await this.status();
      const portOffset = options.portOffset ?? before.portOffset;
      const regions = options.regions ?? before.regions;
      const closed = options.closed ?? (before.phase === "stopped" ? CLOSED_BY_DEFAULT : before.closed);
      let kept: ClusterState | undefined;
      if (before.forgotten) await endForgotten(this.folder, options);
      else {
        refuseOther(before, portOffset, regions, closed);
        if (before.phase === "running") return { status: before, before: true };
        const known = readState(this.folder);
        const tokens = this.tokensOf(known);
        const layout = agentsOf(known ?? before);
        const living = await endAbandoned(this.folder, before.agents, {
          ...options,
          consulOf: (name) => {
            const agent = consulAgentOf(layout, name);
            return agent && consulOf(agent, tokens);
          },
        });
        // What is left of a cluster that runs no more decides nothing.
        if (living) kept = known;
      }
      const agents = agentsOf({ portOffset, regions, sharedConsul: kept?.sharedConsul });
      const living = new Set(livingAgents(this.folder).map(({ name }) => name));
      await refuseTakenPorts(agents, living);
      const binaries = await getBinaries(options);
      options.signal?.throwIfAborted();

      const fresh: ClusterState = {
        format: 1,
        portOffset,
        regions: [...regions],
        sharedConsul: false,
        closed,
        agents: {},
      };
      let state = kept ?? fresh;
      if (kept?.closed === true && !readTokens(this.folder))
        throw UserError.at(
          tokensFolder(this.folder),
          "is not there any more, and what runs of the cluster asks for those tokens; run cdk-nomad down first",
          "access",
        );
      const tokens = closed ? ((kept && readTokens(this.folder)) ?? makeTokens(this.folder)) : undefined;
      const access = tokens && new Access(agents, tokens, options.jobs ?? []);
      for (const agent of agents) {
        const binary = binaries[agent.program];
        if (!living.has(agent.name)) state = this.start(agent, binary, state, tokens, options);
        options.progress.step(`waiting for ${agent.name} ${binary.version}`);
        await this.untilReady(agent, access, options.signal);
        options.progress.done(`${agent.name} ${binary.version} (${originOf(binary)}) at ${addressOf(agent)}`);
      }
      if (regions.length > 1) {
        options.progress.step(`federating ${regions.join(", ")}`);
        await federate(agents, tokens, options.signal);
        options.progress.done(`one federation of ${regions.join(", ")}`);
      }
      return { status: await this.status(), before: false };
    });
  }

  private start(
    agent: Agent,
    binary: Binary,
    state: ClusterState,
    tokens: Tokens | undefined,
    { env, machine }: Pick<UpOptions, "env" | "machine">,
  ): ClusterState {
    const files = filesOf(this.folder, agent.name);
    privateFolder(this.folder);
    rmSync(files.log, { force: true });
    const { version, path, from } = binary;
    const [firstRegion = ""] = state.regions;
    const config = configOf(agent, { files, machine, version, firstRegion, tokens });
    const own = tokens ? templateEnvironment(agent, tokenFileOf(this.folder, "templates")) : {};
    const next = { ...state, agents: { ...state.agents, [agent.name]: { version, path, from } } };
    // Before it runs, so that no agent runs of which nothing is written down.
    writeState(this.folder, next);
    startAgent(binary, config, files, env, { ...own, [CLUSTER_MARK]: JSON.stringify(next) });
    return next;
  }

  /**
   * Stops every job, every agent and whatever they left, and removes their data and their configuration. Logs stay.
   *
   * @param signal ends it on the way: what has not ended then goes on, and a later call ends it
   * @returns whether there was anything to stop
   */
  async down(progress: Progress, signal?: AbortSignal): Promise<boolean> {
    refuseForeignFolder(this.folder);
    refuseForeignFolder(this.data);
    if (this.isLink()) {
      await this.end(progress, signal);
      this.refuseLink();
    }
    return exclusively(this.folder, async () => {
      const allocations = allocationsIn(this.data);
      const had = await this.end(progress, signal);
      await cleanUp(this.data, { signal, allocations });
      for (const file of readdirSync(this.folder).filter(isConfigurationFile))
        rmSync(join(this.folder, file), { force: true });
      removeTokens(this.folder);
      removeState(this.folder);
      return had;
    });
  }

  /** Ends jobs, agents, and what tasks left running. @returns whether there was anything to end */
  private async end(progress: Progress, signal?: AbortSignal): Promise<boolean> {
    const had = livingAgents(this.folder).length > 0 || processesIn(this.data).length > 0;
    const ready = (await this.readyAgents()).filter(({ region }) => region !== undefined);
    const tokens = readTokens(this.folder);
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
      for (let waited = 0; waited < 3000 && processesIn(this.data).length > 0; waited += 100)
        await sleep(100, undefined, { signal });
    }
    for (const { name } of inOrderOfEnd(livingAgents(this.folder))) {
      signal?.throwIfAborted();
      progress.step(`stopping ${name}`);
      await endAgent(this.folder, name, signal);
      progress.done(`${name} stopped`);
    }
    if (this.isLink()) await endProcesses(processesIn(this.data), 3000, signal);
    return had;
  }

  /** The agents that answer; none where nobody knows what there is. */
  private async readyAgents(): Promise<readonly AgentStatus[]> {
    try {
      return (await this.status()).agents.filter(({ ready }) => ready);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return [];
    }
  }

  private isLink(): boolean {
    return lstatSync(this.folder, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  }

  /** What is behind a link may be anybody's: nothing is written or removed there. */
  private refuseLink(): void {
    if (this.isLink())
      throw UserError.at(
        this.folder,
        "is a link, and a cluster keeps its files in a folder of its own; nothing behind it was touched: remove the link",
        "folder",
      );
  }

  private async agentStatus(
    agent: Agent,
    state: ClusterState | undefined,
    living: readonly LivingAgent[],
  ): Promise<AgentStatus> {
    const files = filesOf(this.folder, agent.name);
    const pid = living.find(({ name }) => name === agent.name)?.pid;
    return {
      name: agent.name,
      region: agent.region,
      running: pid !== undefined,
      ready: pid !== undefined && (await isReady(agent, this.tokensOf(state))),
      pid,
      version: state?.agents[agent.name]?.version,
      address: addressOf(agent),
      log: files.log,
    };
  }

  private async untilReady(agent: Agent, access: Access | undefined, signal: AbortSignal | undefined): Promise<void> {
    const started = performance.now();
    for (let given = access === undefined; ;) {
      signal?.throwIfAborted();
      const status = await this.agentStatus(agent, readState(this.folder), livingAgents(this.folder));
      if (!given && status.running && (await leads(agent))) {
        await access?.giveTo(agent, status.version ?? "", signal);
        given = true;
        continue;
      }
      if (given && status.ready) return;
      const why = !status.running
        ? "ended"
        : performance.now() - started > START_LIMIT
          ? `was not ready after ${START_LIMIT / 1000} s`
          : undefined;
      if (why)
        throw UserError.at(
          "",
          `${agent.name} ${why}; the end of its log, ${status.log}:\n${tailOf(status.log)}`,
          "agent",
        );
      await sleep(100, undefined, { signal });
    }
  }
}

/** The Consul agent that a Nomad registers with: its own, or that of all. */
function consulAgentOf(agents: readonly Agent[], nomad: string): Agent | undefined {
  const found = agents.find(({ name }) => name === nomad);
  if (found?.program !== "nomad") return undefined;
  const port = found.consul["Consul HTTP"];
  return agents.find((agent) => agent.program === "consul" && agent.ports["Consul HTTP"] === port);
}

/** A cluster that runs keeps its ports and its regions. */
function refuseOther(before: ClusterStatus, portOffset: number, regions: readonly string[], closed: boolean): void {
  if (!before.agents.some(({ running }) => running)) return;
  if (portOffset !== before.portOffset)
    throw UserError.at(
      "--port-offset",
      `the cluster runs with ${before.portOffset} already; run cdk-nomad down first`,
      "ports",
    );
  if (regions.join() !== before.regions.join())
    throw UserError.at(
      "--regions",
      `the cluster runs with ${before.regions.join(",")} already; run cdk-nomad down first`,
      "regions",
    );
  if (closed !== before.closed)
    throw UserError.at(
      closed ? "--closed" : "--open",
      `the cluster runs already, and ${before.closed ? "asks" : "does not ask"} for tokens; run cdk-nomad down first`,
      "access",
    );
}

/** Where a program comes from, and its licence. */
function originOf(binary: Binary): string {
  const source = { PATH: binary.path, cache: "cached", release: "downloaded", go: "built with Go" }[binary.from];
  return `${source}, ${licenceOf(binary.name, binary.version)}`;
}

function tailOf(log: string): string {
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-8).join("\n") : "(empty)";
}

/** Whether two addresses are one, by whatever name of this machine. */
function isSameAddress(one: string, other: string): boolean {
  if (!URL.canParse(other)) return false;
  const [{ host }, { hostname, port, protocol }] = [new URL(one), new URL(other)];
  return protocol === "http:" && `${/^(localhost|\[::1\])$/.test(hostname) ? "127.0.0.1" : hostname}:${port}` === host;
}
