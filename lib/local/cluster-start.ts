import { existsSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { privateFolder } from "../private-files";
import { Acl, type ClusterKeys, tokenFileOf, tokensFolder, type Tokens } from "./access";
import {
  addressOf,
  CLUSTER_MARK,
  filesOf,
  namedAgents,
  portOf,
  type Agent,
  type VaultServer,
  endAgent,
  inOrderOfEnd,
  livingAgents,
  holderOf,
  pathWith,
  startAgent,
  templateEnvironment,
  readState,
  removeState,
  writeState,
  type ClusterState,
} from "./agents";
import { type Binary, licenceOf } from "./programs";
import { agentStatus, answersItself } from "./cluster-status";
import { configOf, givesIdentities, isDev } from "./configurations";
import { federate } from "./federation";
import { Guard } from "./guard";
import { memoryLimit } from "./machine";
import { leads } from "./readiness";
import type { UpOptions } from "./up-options";
import { trustIdentities } from "./trust";
import { setUpVault, readVaultKeys, type VaultKeys, abandonStore, hasStore, makeStore, openStore } from "./vault";

const START_LIMIT = 60_000;

/** What only whoever started a closed cluster has. */
export interface ClusterSecrets {
  readonly tokens: Tokens;
  readonly keys: ClusterKeys;
}

/** What a start is about. */
export interface StartSettings {
  readonly agents: readonly Agent[];
  /** Of a closed cluster. */
  readonly secrets: ClusterSecrets | undefined;
  readonly state: ClusterState;
  /** The programs, by name. */
  readonly binaries: Readonly<Record<Agent["program"], Binary | undefined>> & { readonly consul: Binary };
  readonly options: UpOptions;
}

/** One start of a cluster: agent by agent, each with what it needs before the next one asks it. */
export class ClusterStart {
  readonly #acl: Acl | undefined;
  readonly #started = new Set<string>();
  #state: ClusterState;

  constructor(
    private readonly folder: string,
    private readonly settings: StartSettings,
  ) {
    const { agents, secrets, state, options } = settings;
    this.#acl = secrets && new Acl(agents, secrets.tokens, options.jobs ?? [], (agent) => answersItself(folder, agent));
    this.#state = state;
  }

  /**
   * Starts what does not live, and waits until all of it is ready. Where that fails, what was started is ended: half a cluster is of no use, and may
   * be less closed than a whole one. Where it is interrupted, all goes on.
   *
   * @throws UserError where an agent does not get ready
   */
  async run(): Promise<void> {
    const { agents, options } = this.settings;
    try {
      // Servers that nobody may ask yet need nobody, and elect themselves meanwhile.
      for (const agent of agents.filter((each) => this.isGuarded(each))) await this.begin(agent);
      for (const agent of agents) await this.bring(agent);
      await this.federate();
    } catch (error) {
      if (options.signal?.aborted === true || this.#started.size === 0) throw error;
      await this.endStarted();
      throw error;
    }
  }

  private async federate(): Promise<void> {
    const { agents, secrets, state, options } = this.settings;
    if (state.regions.length < 2) return;
    const names = state.regions.join(", ");
    options.progress.step(`federating ${names}`);
    await federate(agents, secrets?.tokens, options.signal);
    options.progress.done(`one federation of ${names}`);
  }

  private async endStarted(): Promise<void> {
    const living = inOrderOfEnd(livingAgents(this.folder)).filter(({ name }) => this.#started.has(name));
    for (const { name } of living) await endAgent(this.folder, name);
    if (livingAgents(this.folder).length === 0) removeState(this.folder);
    const names = this.settings.agents.flatMap(({ name }) => (this.#started.has(name) ? [name] : [])).join(" and ");
    this.settings.options.progress.note(`what was begun is ended again: ${names}`);
  }

  /** Starts an agent, unless it lives or was started. */
  private async begin(agent: Agent): Promise<void> {
    if (this.#started.has(agent.name) || livingAgents(this.folder).some(({ name }) => name === agent.name)) return;
    this.#started.add(agent.name);
    rmSync(filesOf(this.folder, agent.name).log, { force: true });
    await this.start(agent, { guarded: this.isGuarded(agent) });
  }

  /** Starts an agent unless it lives, and waits until it is ready. @throws UserError where it does not get ready */
  private async bring(agent: Agent): Promise<void> {
    const { progress } = this.settings.options;
    const binary = this.binaryOf(agent);
    const program = binary.product === undefined ? agent.name : `${agent.name}: ${binary.product}`;
    await this.begin(agent);
    progress.step(`waiting for ${program} ${binary.version}`);
    await this.untilReady(agent);
    progress.done(`${program} ${binary.version} (${originOf(binary)}) at ${addressOf(agent)}`);
  }

  private binaryOf({ name, program }: Agent): Binary {
    const binary = this.settings.binaries[program];
    if (!binary) throw new Error(`there is no program for ${name}`);
    return binary;
  }

  private async start(agent: Agent, { guarded }: { readonly guarded: boolean }): Promise<void> {
    const binary = this.binaryOf(agent);
    const { secrets, binaries } = this.settings;
    const { env, machine, progress, signal } = this.settings.options;
    const files = filesOf(this.folder, agent.name);
    privateFolder(this.folder);
    const { version, path, from } = binary;
    const [firstRegion = ""] = this.#state.regions;
    const given = { memoryLimit: memoryLimit(), ...secrets, guarded };
    const config = configOf(agent, { files, machine, version, firstRegion, ...given });
    const own = {
      ...(agent.program === "nomad" ? pathWith(binaries.consul.path, env.PATH) : {}),
      ...(secrets ? templateEnvironment(agent, tokenFileOf(this.folder, "templates")) : {}),
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
    startAgent({ binary, config, files, env, own: marked, dev: isDev(agent, secrets !== undefined) });
    this.#state = next;
  }

  /**
   * Whoever asks the first Nomad of a closed cluster first is given the token that may do everything: nobody else may ask until we have it. The others start
   * alike, since no node may come before the keys of its server.
   */
  private isGuarded(agent: Agent): boolean {
    return this.settings.secrets !== undefined && agent.program === "nomad";
  }

  /** What keeps everybody else out of an agent that runs, also where whoever started it was ended before it was lifted. */
  private async guardOf(agent: Agent): Promise<Guard | undefined> {
    const { secrets } = this.settings;
    if (agent.program !== "nomad" || !secrets || !this.isGuarded(agent) || (await leads(agent))) return undefined;
    const restart = () => this.start(agent, { guarded: false });
    return new Guard(this.folder, agent, { keys: secrets.keys, restart });
  }

  private async untilReady(agent: Agent): Promise<void> {
    const { signal } = this.settings.options;
    const started = performance.now();
    for (let given = false; ;) {
      signal?.throwIfAborted();
      const state = readState(this.folder);
      const status = await agentStatus(this.folder, agent, { state, living: livingAgents(this.folder) });
      if (!given && answersItself(this.folder, agent)) {
        const guard = await this.guardOf(agent);
        if (await leads(agent, guard)) {
          // Whoever started it was ended on the way: it is ours to end, where it is not ours to use.
          if (guard) this.#started.add(agent.name);
          await this.give(agent, status.version ?? "", guard);
          given = true;
          continue;
        }
      }
      if (given && status.ready) return;
      const why = !status.running
        ? "ended"
        : performance.now() - started > START_LIMIT
          ? `was not ready after ${START_LIMIT / 1000} s${this.inItsPlace(agent) || this.perhapsHangs(agent)}`
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

  /** Who has the port of an agent that does not listen there. */
  private inItsPlace(agent: Agent): string {
    const holder = answersItself(this.folder, agent) ? undefined : holderOf(portOf(agent));
    return holder === undefined ? "" : `: ${holder} has its port, ${portOf(agent)}; end that, then run cdk-nomad down`;
  }

  /** What to do about an agent that was started by another command, and is left as it is. */
  private perhapsHangs({ name }: Agent): string {
    return this.#started.has(name)
      ? ""
      : "; it ran before, so it hangs, or waits for something: cdk-nomad down ends it";
  }

  /** What an agent that answers needs before it can be ready, and what the others need of it. */
  private async give(agent: Agent, version: string, guard: Guard | undefined): Promise<void> {
    const { signal, vaultRoles = [] } = this.settings.options;
    const { vault } = namedAgents(this.settings.agents);
    if (agent.program === "vault") {
      const keys = this.keysOf(agent);
      await openStore(agent, keys, filesOf(this.folder, agent.name).log, signal);
      return setUpVault(agent, keys, vaultRoles);
    }
    await this.#acl?.giveTo(agent, { guard, signal });
    if (agent.program === "nomad" && givesIdentities(version))
      await trustIdentities(this.folder, agent, {
        acl: this.#acl,
        vault: vault && { server: vault, keys: this.keysOf(vault), roles: vaultRoles },
        guard,
        signal,
      });
    // Last: whom others believe is asked while nobody else can answer.
    await guard?.lift(signal);
  }

  private keysOf(vault: VaultServer): VaultKeys {
    const keys = readVaultKeys(this.folder);
    if (keys) return keys;
    throw UserError.at(
      tokensFolder(this.folder),
      `has no keys of ${vault.name} any more, which runs; run cdk-nomad down first`,
      "acl",
    );
  }
}

/** Where a program comes from, and its licence. */
function originOf(binary: Binary): string {
  const source = { PATH: binary.path, cache: "cached", release: "downloaded", go: "built with Go" }[binary.from];
  return `${source}, ${licenceOf(binary.product ?? binary.name, binary.version)}`;
}

function tailOf(log: string): string {
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-8).join("\n") : "(empty)";
}
