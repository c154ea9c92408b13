import { existsSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../jobspec";
import { privateFolder } from "../private-files";
import { Access, consulOf } from "./access";
import { addressOf, agentsOf, CLUSTER_MARK, filesOf, namedAgents, type Agent, type VaultServer } from "./agents";
import { getBinaries, type Binary } from "./binaries";
import { agentStatus, CLOSED_BY_DEFAULT, statusOf, tokensOf, type ClusterStatus } from "./cluster-status";
import { configOf, givesIdentities } from "./configurations";
import type { JobAccess } from "./consul-acl";
import { exclusively } from "./exclusive";
import { federate } from "./federation";
import { Guard } from "./guard";
import { endAbandoned, endForgotten } from "./leftovers";
import { licenceOf } from "./licences";
import { livingAgents } from "./living-agents";
import type { Machine } from "./machine";
import { memoryLimit } from "./machine-room";
import type { Progress } from "./progress";
import { leads } from "./readiness";
import { refuseForeignFolder, refuseLink, refusePlatform } from "./refusals";
import { refuseTakenPorts } from "./refuse-ports";
import { pathWith, startAgent, templateEnvironment } from "./start-agent";
import { readState, writeState, type ClusterState } from "./state";
import { makeTokens, readTokens, tokenFileOf, tokensFolder, type Tokens } from "./tokens";
import { setUpVault, trustNomad, type VaultRole } from "./vault-access";
import { readVaultKeys, type VaultKeys } from "./vault-keys";
import { findVault } from "./vault-program";
import { abandonStore, hasStore, makeStore, openStore } from "./vault-store";

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
  /**
   * Whether there is a server that keeps secrets, OpenBao or Vault, which Nomad knows. Default: as the cluster that runs, else none
   */
  readonly vault?: boolean;
  /** Roles with which tasks ask that server, beyond the one that every task has. Default: none */
  readonly vaultRoles?: readonly VaultRole[];
  /** What jobs may do on a closed cluster by their own identity, beyond what every task may. Default: nothing */
  readonly jobs?: readonly JobAccess[];
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly machine: Machine;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What the cluster shall be like. */
interface Wanted {
  readonly portOffset: number;
  readonly regions: readonly string[];
  readonly closed: boolean;
  readonly vault: boolean;
}

const START_LIMIT = 60_000;

/**
 * Starts what does not run yet of a cluster, and waits until all of it is ready.
 *
 * @returns what runs, and whether all of it did before
 * @throws UserError where a port is taken (and nothing is started), a binary is missing, or an agent does not get ready
 */
export async function startCluster(
  folder: string,
  options: UpOptions,
): Promise<{ readonly status: ClusterStatus; readonly before: boolean }> {
  refusePlatform(options.machine);
  refuseLink(folder);
  refuseForeignFolder(folder);
  return exclusively(folder, async () => {
    const before = await statusOf(folder);
    const wanted: Wanted = {
      portOffset: options.portOffset ?? before.portOffset,
      regions: options.regions ?? before.regions,
      closed: options.closed ?? (before.phase === "stopped" ? CLOSED_BY_DEFAULT : before.closed),
      vault: options.vault ?? (before.phase === "stopped" ? false : before.vault),
    };
    if (!before.forgotten) {
      refuseOther(before, wanted);
      if (before.phase === "running") return { status: before, before: true };
    }
    // Before anything of what an accident left is ended: where it is missing, nothing is done.
    const keeper = wanted.vault ? await findVault(options.env) : undefined;
    const kept = await takenOver(folder, before, options);
    const agents = agentsOf({ ...wanted, sharedConsul: kept?.sharedConsul });
    await refuseTakenPorts(agents, new Set(livingAgents(folder).map(({ name }) => name)));
    const binaries = await getBinaries(options);
    if (wanted.vault && !givesIdentities(binaries.nomad.version))
      throw UserError.at(
        "--vault",
        `Nomad ${binaries.nomad.version} gives its tasks no identities that a server of secrets could know them by; use Nomad 1.7 or later`,
        "vault",
      );
    options.signal?.throwIfAborted();
    if (kept?.closed === true && !readTokens(folder))
      throw UserError.at(
        tokensFolder(folder),
        "is not there any more, and what runs of the cluster asks for those tokens; run cdk-nomad down first",
        "access",
      );
    const tokens = wanted.closed ? ((kept && readTokens(folder)) ?? makeTokens(folder)) : undefined;
    const state = kept ?? {
      format: 1,
      ...wanted,
      regions: [...wanted.regions],
      sharedConsul: false,
      agents: {},
    };
    const start = new Start(folder, { agents, tokens, state, consul: binaries.consul, options });
    for (const agent of agents)
      await start.bring(agent, agent.program === "vault" ? (keeper as Binary) : binaries[agent.program]);
    if (wanted.regions.length > 1) {
      options.progress.step(`federating ${wanted.regions.join(", ")}`);
      await federate(agents, tokens, options.signal);
      options.progress.done(`one federation of ${wanted.regions.join(", ")}`);
    }
    return { status: await statusOf(folder), before: false };
  });
}

/** Ends what an accident left of a cluster, but for agents that live on. @returns what is known of the cluster that lives on */
async function takenOver(folder: string, before: ClusterStatus, options: UpOptions): Promise<ClusterState | undefined> {
  if (before.forgotten) {
    await endForgotten(folder, options);
    return undefined;
  }
  const known = readState(folder);
  const tokens = tokensOf(folder, known);
  const layout = agentsOf(known ?? before);
  const living = await endAbandoned(folder, before.agents, {
    ...options,
    consulOf: (name) => {
      const agent = consulAgentOf(layout, name);
      return agent && consulOf(agent, tokens);
    },
  });
  // What is left of a cluster that runs no more decides nothing.
  return living ? known : undefined;
}

/** One start of a cluster: agent by agent, each with what it needs before the next one asks it. */
class Start {
  readonly #agents: readonly Agent[];
  readonly #tokens: Tokens | undefined;
  readonly #access: Access | undefined;
  readonly #consul: Binary;
  readonly #options: UpOptions;
  #state: ClusterState;

  constructor(
    private readonly folder: string,
    {
      agents,
      tokens,
      state,
      consul,
      options,
    }: {
      readonly agents: readonly Agent[];
      readonly tokens: Tokens | undefined;
      readonly state: ClusterState;
      readonly consul: Binary;
      readonly options: UpOptions;
    },
  ) {
    this.#agents = agents;
    this.#tokens = tokens;
    this.#access = tokens && new Access(agents, tokens, options.jobs ?? []);
    this.#consul = consul;
    this.#options = options;
    this.#state = state;
  }

  /** Starts an agent unless it lives, and waits until it is ready. @throws UserError where it does not get ready */
  async bring(agent: Agent, binary: Binary): Promise<void> {
    const { progress } = this.#options;
    const lives = livingAgents(this.folder).some(({ name }) => name === agent.name);
    const program = binary.product === undefined ? agent.name : `${agent.name}: ${binary.product}`;
    if (!lives) await this.start(agent, binary);
    progress.step(`waiting for ${program} ${binary.version}`);
    await this.untilReady(agent);
    progress.done(`${program} ${binary.version} (${originOf(binary)}) at ${addressOf(agent)}`);
  }

  private async start(agent: Agent, binary: Binary): Promise<void> {
    const { env, machine, progress, signal } = this.#options;
    const files = filesOf(this.folder, agent.name);
    privateFolder(this.folder);
    rmSync(files.log, { force: true });
    const { version, path, from } = binary;
    const [firstRegion = ""] = this.#state.regions;
    const guard = await this.guardFor(agent);
    const given = { tls: guard?.tls, memoryLimit: memoryLimit(), tokens: this.#tokens };
    const settings = { files, machine, version, firstRegion, ...given };
    const config = configOf(agent, settings);
    const own = {
      ...(agent.program === "nomad" ? pathWith(this.#consul.path, env.PATH) : {}),
      ...(this.#tokens ? templateEnvironment(agent, tokenFileOf(this.folder, "templates")) : {}),
    };
    const next = { ...this.#state, agents: { ...this.#state.agents, [agent.name]: { version, path, from } } };
    // Before it runs, so that no agent runs of which nothing is written down.
    writeState(this.folder, next);
    const marked = { ...own, [CLUSTER_MARK]: JSON.stringify(next) };
    if (agent.program === "vault") {
      await abandonStore(this.folder, signal);
      if (!hasStore(this.folder, agent)) {
        progress.step(`making the store of ${agent.name}`);
        await makeStore(this.folder, agent, binary, { env, own: marked, signal });
      }
    }
    startAgent(binary, config, files, env, marked);
    this.#state = next;
  }

  /** Whoever asks the first Nomad of a closed cluster first is given the token that may do everything: nobody else may ask until we have it. */
  private async guardFor(agent: Agent): Promise<Guard | undefined> {
    const { nomad } = namedAgents(this.#agents);
    return this.#tokens && agent === nomad ? Guard.make(this.folder, nomad, this.#consul.path) : undefined;
  }

  /** What keeps everybody else out of an agent that runs. */
  private async guardOf(agent: Agent): Promise<Guard | undefined> {
    const { nomad } = namedAgents(this.#agents);
    const guard = agent === nomad ? Guard.of(this.folder, nomad) : undefined;
    // One that was lifted, by whoever was ended before it was forgotten.
    return guard && (await leads(agent)) ? undefined : guard;
  }

  private async untilReady(agent: Agent): Promise<void> {
    const { signal } = this.#options;
    const started = performance.now();
    for (let given = false; ;) {
      signal?.throwIfAborted();
      const state = readState(this.folder);
      const status = await agentStatus(this.folder, agent, { state, living: livingAgents(this.folder) });
      const guard = given ? undefined : await this.guardOf(agent);
      if (!given && status.running && (await leads(agent, guard))) {
        await this.give(agent, status.version ?? "", guard);
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

  /** What an agent that answers needs before it can be ready, and what the others need of it. */
  private async give(agent: Agent, version: string, guard: Guard | undefined): Promise<void> {
    const { signal, vaultRoles = [] } = this.#options;
    const { vault } = namedAgents(this.#agents);
    if (agent.program === "vault") {
      const keys = this.keysOf(agent);
      await openStore(agent, keys, filesOf(this.folder, agent.name).log, signal);
      return setUpVault(agent, keys, vaultRoles);
    }
    await this.#access?.giveTo(agent, version, { guard, signal });
    if (agent.program === "nomad" && vault) await trustNomad(vault, this.keysOf(vault), agent, vaultRoles);
  }

  private keysOf(vault: VaultServer): VaultKeys {
    const keys = readVaultKeys(this.folder);
    if (keys) return keys;
    throw UserError.at(
      tokensFolder(this.folder),
      `has no keys of ${vault.name} any more, which runs; run cdk-nomad down first`,
      "access",
    );
  }
}

/** The Consul agent that a Nomad registers with: its own, or that of all. */
function consulAgentOf(agents: readonly Agent[], nomad: string): Agent | undefined {
  const found = agents.find(({ name }) => name === nomad);
  if (found?.program !== "nomad") return undefined;
  const port = found.consul["Consul HTTP"];
  return agents.find((agent) => agent.program === "consul" && agent.ports["Consul HTTP"] === port);
}

/** A cluster that runs keeps its ports, its regions, and what it is made of. */
function refuseOther(before: ClusterStatus, { portOffset, regions, closed, vault }: Wanted): void {
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
  if (vault !== before.vault)
    throw UserError.at(
      "--vault",
      "the cluster runs without it already, and its Nomad looks for it when it starts; run cdk-nomad down first",
      "vault",
    );
}

/** Where a program comes from, and its licence. */
function originOf(binary: Binary): string {
  const source = { PATH: binary.path, cache: "cached", release: "downloaded", go: "built with Go" }[binary.from];
  return `${source}, ${licenceOf(binary.product ?? binary.name, binary.version)}`;
}

function tailOf(log: string): string {
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-8).join("\n") : "(empty)";
}
