import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { UserError } from "../jobspec";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../nomad";
import { consulConfig, filesOf, nomadConfig, startAgent } from "./agents";
import { getBinary, type Binary, type ProgramName } from "./binaries";
import { endProcess, isOurs, mountsIn, processesIn, unmount } from "./processes";
import { portsAt, takenPorts, type Ports } from "./ports";
import type { Progress } from "./progress";
import { readState, removeState, writeState, type ClusterState } from "./state";

/** What an agent of an embedded cluster is doing. */
export interface AgentStatus {
  readonly name: ProgramName;
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
  readonly agents: readonly AgentStatus[];
  /** `running` where every agent is ready, `stopped` where none lives, `partial` between. */
  readonly phase: "running" | "partial" | "stopped";
}

/** What starting needs. */
export interface UpOptions {
  readonly portOffset?: number;
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

const AGENTS = ["consul", "nomad"] as const;
const START_LIMIT = 60_000;

/** A Consul and a Nomad on this machine, on loopback only, with all that they keep in one folder. */
export class EmbeddedCluster {
  constructor(readonly folder: string) {}

  /** Addresses of the agents, for clients and for environment variables. */
  addresses(): { readonly nomad: string; readonly consul: string; readonly portOffset: number } | undefined {
    const state = readState(this.folder);
    if (!state) return undefined;
    const ports = portsAt(state.portOffset);
    return { nomad: addressOf("nomad", ports), consul: addressOf("consul", ports), portOffset: state.portOffset };
  }

  /** What it is doing, asked of the processes and of the agents themselves. */
  async status(): Promise<ClusterStatus> {
    const state = readState(this.folder);
    const ports = portsAt(state?.portOffset ?? 0);
    const agents = await Promise.all(AGENTS.map((name) => this.agentStatus(name, state, ports)));
    const alive = agents.filter(({ running }) => running).length;
    const phase = agents.every(({ ready }) => ready) ? "running" : alive === 0 ? "stopped" : "partial";
    return { folder: this.folder, portOffset: state?.portOffset ?? 0, agents, phase };
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
      const wanted = options.portOffset ?? before.portOffset;
      if (before.phase !== "stopped" && wanted !== before.portOffset) {
        throw UserError.at(
          "--port-offset",
          `the cluster runs with ${before.portOffset} already; run cdk-nomad down first`,
          "ports",
        );
      }
      if (before.phase === "running") return { status: before, before: true };

      const ports = portsAt(wanted);
      if (before.phase === "stopped") {
        await this.cleanUp();
        await refuseTakenPorts(ports);
      }
      const binaries: Binary[] = [];
      for (const name of AGENTS) binaries.push(await getBinary(name, options));
      options.signal?.throwIfAborted();

      let state: ClusterState = readState(this.folder) ?? { format: 1, portOffset: wanted, agents: {} };
      for (const binary of binaries) {
        const status = before.agents.find((agent) => agent.name === binary.name);
        if (!status?.running) {
          const files = filesOf(this.folder, binary.name);
          mkdirSync(this.folder, { recursive: true });
          rmSync(files.log, { force: true });
          const config = binary.name === "consul" ? consulConfig(ports, files) : nomadConfig(ports, files);
          const pid = startAgent(binary, config, files);
          state = {
            ...state,
            agents: {
              ...state.agents,
              [binary.name]: { pid, version: binary.version, path: binary.path, from: binary.from },
            },
          };
          writeState(this.folder, state);
        }
        options.progress.step(`waiting for ${binary.name} ${binary.version}`);
        await this.untilReady(binary.name, options.signal);
        options.progress.done(
          `${binary.name} ${binary.version} (${originOf(binary)}) at ${addressOf(binary.name, ports)}`,
        );
      }
      return { status: await this.status(), before: false };
    });
  }

  /**
   * Stops every job, both agents and whatever they left, and removes their data. Logs stay.
   *
   * @returns whether there was anything to stop
   */
  async down(progress: Progress): Promise<boolean> {
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
      const nomad = status?.agents.find((agent) => agent.name === "nomad");
      if (nomad?.ready) {
        progress.step("stopping jobs");
        await stopJobs(nomad.address, progress);
        // Nomad ends its helpers a moment after their tasks.
        const agents = new Set(Object.values(state?.agents ?? {}).map((agent) => agent?.pid));
        for (let waited = 0; waited < 3000 && processesIn(data).some((pid) => !agents.has(pid)); waited += 100)
          await sleep(100);
      }
      for (const name of ["nomad", "consul"] as const) {
        const { config } = filesOf(this.folder, name);
        const pid = state?.agents[name]?.pid;
        if (pid === undefined || !isOurs(pid, config)) continue;
        progress.step(`stopping ${name}`);
        await endProcess(pid, () => isOurs(pid, config), 15_000);
        progress.done(`${name} stopped`);
      }
      await this.cleanUp();
      removeState(this.folder);
      return had;
    });
  }

  /** Ends what tasks left running, takes away what they left mounted, and removes their data. */
  private async cleanUp(): Promise<void> {
    const data = join(this.folder, "data");
    for (const pid of processesIn(data)) await endProcess(pid, () => processesIn(data).includes(pid), 3000);
    for (const mount of mountsIn(data)) unmount(mount);
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  private async agentStatus(name: ProgramName, state: ClusterState | undefined, ports: Ports): Promise<AgentStatus> {
    const files = filesOf(this.folder, name);
    const known = state?.agents[name];
    const running = known !== undefined && isOurs(known.pid, files.config);
    const address = addressOf(name, ports);
    return {
      name,
      running,
      ready: running && (await isReady(name, address)),
      pid: running ? known.pid : undefined,
      version: known?.version,
      address,
      log: files.log,
    };
  }

  private async untilReady(name: ProgramName, signal: AbortSignal | undefined): Promise<void> {
    const started = Date.now();
    for (;;) {
      signal?.throwIfAborted();
      const state = readState(this.folder);
      const status = await this.agentStatus(name, state, portsAt(state?.portOffset ?? 0));
      if (status.ready) return;
      const why = !status.running
        ? "ended"
        : Date.now() - started > START_LIMIT
          ? `was not ready after ${START_LIMIT / 1000} s`
          : undefined;
      if (why)
        throw UserError.at("", `${name} ${why}; the end of its log, ${status.log}:\n${tailOf(status.log)}`, "agent");
      await sleep(100, undefined, { signal });
    }
  }

  /** One command at a time. */
  private async locked<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.folder, { recursive: true });
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

async function refuseTakenPorts(ports: Ports): Promise<void> {
  const taken = await takenPorts(ports);
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

async function isReady(name: ProgramName, address: string): Promise<boolean> {
  const client =
    name === "nomad" ? new NomadClient(nomadConnection({}, address)) : new ConsulClient(consulConnection({}, address));
  try {
    if (!(await client.leader())) return false;
    return client instanceof NomadClient ? (await client.readyNodes()).length > 0 : true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}

/** Jobs are stopped before their agent: an agent that ends leaves its tasks running. */
async function stopJobs(address: string, progress: Progress): Promise<void> {
  const nomad = new NomadClient(nomadConnection({}, address));
  try {
    const jobs = await nomad.jobs();
    for (const job of jobs) await nomad.deregister(job.ID, { purge: true });
    for (let waited = 0; waited < 30_000; waited += 100) {
      const alive = (await nomad.allAllocations()).filter((allocation) =>
        ["pending", "running"].includes(allocation.ClientStatus),
      );
      if (alive.length === 0) break;
      progress.detail(`${alive.length} allocations are stopping`);
      await sleep(100);
    }
    if (jobs.length > 0) progress.done(jobs.length === 1 ? "1 job stopped" : `${jobs.length} jobs stopped`);
  } finally {
    await nomad.close();
  }
}

function addressOf(name: ProgramName, ports: Ports): string {
  return `http://127.0.0.1:${name === "nomad" ? ports["Nomad HTTP"] : ports["Consul HTTP"]}`;
}

function originOf(binary: Binary): string {
  return { PATH: "from PATH", cache: "cached", release: "downloaded", go: "built with Go" }[binary.from];
}

function tailOf(log: string): string {
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-8).join("\n") : "(empty)";
}
