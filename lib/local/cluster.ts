import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { UserError } from "../jobspec";
import { NomadClient, nomadConnection } from "../nomad";
import { ignoredFolder, privateFolder } from "../private-files";
import { Access, consulOf, nomadOf } from "./access";
import {
  addressOf,
  agentsOf,
  configOf,
  filesOf,
  isConfigurationFile,
  ONE_REGION,
  startAgent,
  templateEnvironment,
  type Agent,
} from "./agents";
import { getBinaries, type Binary } from "./binaries";
import type { JobAccess } from "./consul-acl";
import { federate } from "./federation";
import { licenceOf } from "./licences";
import type { Machine } from "./machine";
import { allocationsIn, removeCgroups } from "./cgroups";
import { endProcess, isOurs, mountsIn, processesIn, unmount } from "./processes";
import { takenPorts } from "./ports";
import type { Progress } from "./progress";
import { readState, removeState, writeState, type ClusterState } from "./state";
import { makeTokens, readTokens, removeTokens, tokenFileOf, type Tokens } from "./tokens";

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
  /** `running` where every agent is ready, `stopped` where none lives, `partial` between. */
  readonly phase: "running" | "partial" | "stopped";
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
const CLOSED_BY_DEFAULT = false;

/** What a cluster is like before anybody says otherwise. */
const NOTHING_STARTED = { portOffset: 0, regions: ONE_REGION, closed: CLOSED_BY_DEFAULT };

/** A Consul and a Nomad, or one for each region, on this machine, on loopback only, with all that they keep in one folder. */
export class EmbeddedCluster {
  constructor(readonly folder: string) {}

  /** Addresses of the agents, for clients and for environment variables. */
  addresses(): { readonly nomad: string; readonly consul: string; readonly portOffset: number } | undefined {
    const state = readState(this.folder);
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

  /** Whether an address is that of one of its Nomads, and that one lives: whatever else answers there is somebody else's. */
  isAt(address: string): boolean {
    const state = readState(this.folder);
    if (!state) return false;
    const own = agentsOf(state).find((agent) => agent.program === "nomad" && isSameAddress(addressOf(agent), address));
    const pid = own && state.agents[own.name]?.pid;
    return own !== undefined && pid !== undefined && isOurs(pid, filesOf(this.folder, own.name).config);
  }

  /** The agents whose processes live, and how many processes of their tasks do. Nobody is asked who might not answer. */
  alive(): { readonly agents: readonly string[]; readonly others: number } {
    const state = readState(this.folder);
    const known = Object.entries(state?.agents ?? {});
    const running = known.filter(([name, { pid }]) => isOurs(pid, filesOf(this.folder, name).config));
    const pids = new Set(running.map(([, { pid }]) => pid));
    const others = processesIn(join(this.folder, "data")).filter((pid) => !pids.has(pid));
    return { agents: running.map(([name]) => name), others: others.length };
  }

  /** What it is doing, asked of the processes and of the agents themselves. */
  async status(): Promise<ClusterStatus> {
    const state = readState(this.folder);
    const layout = state ?? NOTHING_STARTED;
    const { portOffset, regions, closed } = layout;
    const agents = await Promise.all(agentsOf(layout).map((agent) => this.agentStatus(agent, state)));
    const alive = agents.filter(({ running }) => running).length;
    const phase = agents.every(({ ready }) => ready) ? "running" : alive === 0 ? "stopped" : "partial";
    return { folder: this.folder, portOffset, regions, closed, agents, phase };
  }

  /**
   * Starts what does not run yet, and waits until all of it is ready.
   *
   * @returns what runs, and whether all of it did before
   * @throws UserError where a port is taken (and nothing is started), a binary is missing, or an agent does not get ready
   */
  async up(options: UpOptions): Promise<{ readonly status: ClusterStatus; readonly before: boolean }> {
    return this.locked(async () => {
      const before = await this.status();
      const portOffset = options.portOffset ?? before.portOffset;
      const regions = options.regions ?? before.regions;
      const closed = options.closed ?? (before.phase === "stopped" ? CLOSED_BY_DEFAULT : before.closed);
      refuseOther(before, portOffset, regions, closed);
      if (before.phase === "running") return { status: before, before: true };
      // What is left of a cluster that runs no more decides nothing.
      const running = before.phase === "partial" ? readState(this.folder) : undefined;

      const agents = agentsOf({ portOffset, regions, sharedConsul: running?.sharedConsul });
      if (before.phase === "stopped") {
        await this.cleanUp(options.signal);
        await refuseTakenPorts(agents);
      }
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
      let state = running ?? fresh;
      const tokens = closed ? ((running && readTokens(this.folder)) ?? makeTokens(this.folder)) : undefined;
      const access = tokens && new Access(agents, tokens, options.jobs ?? []);
      for (const agent of agents) {
        const binary = binaries[agent.program];
        if (!before.agents.some(({ name, running }) => name === agent.name && running)) {
          state = this.start(agent, binary, state, tokens, options);
        }
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
    const pid = startAgent(binary, config, files, env, own);
    const next = { ...state, agents: { ...state.agents, [agent.name]: { pid, version, path, from } } };
    writeState(this.folder, next);
    return next;
  }

  /**
   * Stops every job, every agent and whatever they left, and removes their data and their configuration. Logs stay.
   *
   * @param signal ends it on the way: what has not ended then goes on, and a later call ends it
   * @returns whether there was anything to stop
   */
  async down(progress: Progress, signal?: AbortSignal): Promise<boolean> {
    return this.locked(async () => {
      let state: ClusterState | undefined;
      try {
        state = readState(this.folder);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
      const status = state && (await this.status());
      const data = join(this.folder, "data");
      const had = (status?.agents.some(({ running }) => running) ?? false) || processesIn(data).length > 0;
      // Nomad removes the files of what it stops.
      const allocations = allocationsIn(data);
      const tokens = this.tokensOf(state);
      const ready = status?.agents.filter(({ region, ready }) => region !== undefined && ready) ?? [];
      if (ready.length > 0) {
        progress.step("stopping jobs");
        for (const { address } of ready) await stopJobs(address, tokens, progress, signal);
        // Nomad ends its helpers a moment after their tasks.
        const agents = new Set(Object.values(state?.agents ?? {}).map((agent) => agent.pid));
        for (let waited = 0; waited < 3000 && processesIn(data).some((pid) => !agents.has(pid)); waited += 100)
          await sleep(100, undefined, { signal });
      }
      // Consul last: a Nomad that ends takes its services out of it.
      for (const { name } of [...(status?.agents ?? [])].reverse()) {
        const { config } = filesOf(this.folder, name);
        const pid = state?.agents[name]?.pid;
        signal?.throwIfAborted();
        if (pid === undefined || !isOurs(pid, config)) continue;
        progress.step(`stopping ${name}`);
        await endProcess(pid, () => isOurs(pid, config), 15_000, signal);
        progress.done(`${name} stopped`);
      }
      await this.cleanUp(signal, allocations);
      // Last: by their configuration the processes of agents are known.
      for (const file of readdirSync(this.folder).filter(isConfigurationFile))
        rmSync(join(this.folder, file), { force: true });
      removeTokens(this.folder);
      removeState(this.folder);
      return had;
    });
  }

  /** Ends what tasks left running, takes away their mounts and cgroups, and removes their data. */
  private async cleanUp(
    signal?: AbortSignal,
    allocations: ReadonlySet<string> = allocationsIn(join(this.folder, "data")),
  ): Promise<void> {
    const data = join(this.folder, "data");
    for (const pid of processesIn(data)) await endProcess(pid, () => processesIn(data).includes(pid), 3000, signal);
    signal?.throwIfAborted();
    for (const mount of mountsIn(data)) unmount(mount);
    removeCgroups(allocations);
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  private async agentStatus(agent: Agent, state: ClusterState | undefined): Promise<AgentStatus> {
    const files = filesOf(this.folder, agent.name);
    const known = state?.agents[agent.name];
    const running = known !== undefined && isOurs(known.pid, files.config);
    return {
      name: agent.name,
      region: agent.region,
      running,
      ready: running && (await isReady(agent, this.tokensOf(state))),
      pid: running ? known.pid : undefined,
      version: known?.version,
      address: addressOf(agent),
      log: files.log,
    };
  }

  private async untilReady(agent: Agent, access: Access | undefined, signal: AbortSignal | undefined): Promise<void> {
    const started = performance.now();
    for (let given = access === undefined; ;) {
      signal?.throwIfAborted();
      const status = await this.agentStatus(agent, readState(this.folder));
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

  /** One command at a time. */
  private async locked<T>(work: () => Promise<T>): Promise<T> {
    ignoredFolder(this.folder);
    let release: () => Promise<void>;
    try {
      release = await lock(this.folder, { stale: 15_000, update: 3000, retries: { retries: 2, minTimeout: 500 } });
    } catch {
      throw UserError.at(
        this.folder,
        "another cdk-nomad starts or stops this cluster right now; wait for it, or try again in 15 s",
        "locked",
      );
    }
    try {
      return await work();
    } finally {
      await release();
    }
  }
}

/** A cluster that runs keeps its ports and its regions. */
function refuseOther(before: ClusterStatus, portOffset: number, regions: readonly string[], closed: boolean): void {
  if (before.phase === "stopped") return;
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

async function refuseTakenPorts(agents: readonly Agent[]): Promise<void> {
  const [, first] = agents;
  const ports = agents.flatMap((agent) =>
    Object.entries(agent.ports)
      // Consul's agent is given the ports of a whole cluster.
      .filter(([name]) => name.toLowerCase().startsWith(agent.program))
      .map(([name, port]) => [[agents[0], first].includes(agent) ? name : `${name} of ${agent.name}`, port]),
  );
  const taken = await takenPorts(Object.fromEntries(ports) as Record<string, number>);
  if (taken.length === 0) return;
  throw new UserError(
    taken.map(({ name, port, owner }) => ({
      rule: "ports",
      path: `port ${port} (${name})`,
      message: `is taken${owner ? ` by ${owner}` : ""}; stop that, or choose other ports: cdk-nomad up --port-offset 1000`,
      severity: "error" as const,
    })),
  );
}

async function isReady(agent: Agent, tokens: Tokens | undefined): Promise<boolean> {
  const client = agent.program === "nomad" ? nomadOf(agent, tokens) : consulOf(agent, tokens);
  try {
    if (!(await client.leader())) return false;
    return client instanceof NomadClient ? (await client.readyNodes()).length > 0 : true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}

/** Whether an agent answers and has a leader, which nobody needs a token to know. */
async function leads(agent: Agent): Promise<boolean> {
  const client = agent.program === "nomad" ? nomadOf(agent, undefined) : consulOf(agent, undefined);
  try {
    return (await client.leader()) !== undefined;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}

/** Jobs are stopped before their agent: an agent that ends leaves its tasks running. */
async function stopJobs(
  address: string,
  tokens: Tokens | undefined,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const nomad = new NomadClient(nomadConnection(tokens ? { NOMAD_TOKEN: tokens.nomad } : {}, address));
  try {
    const jobs = await nomad.jobs();
    for (const job of jobs) {
      signal?.throwIfAborted();
      await nomad.deregister(job.ID, { purge: true });
    }
    for (let waited = 0; waited < 30_000; waited += 100) {
      const alive = (await nomad.allAllocations()).filter((allocation) =>
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
