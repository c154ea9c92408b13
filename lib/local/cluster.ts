import { join } from "node:path";
import { UserError } from "../errors";
import { isUsualLoopback } from "../nomad";
import {
  addressOf,
  type Agent,
  agentsOf,
  dataOf,
  filesOf,
  namedAgents,
  portOf,
  livingAgents,
  rememberedBy,
  holderOf,
  readState,
} from "./agents";
import { answersItself, NOTHING_STARTED, statusOf, tokensOf, type ClusterStatus } from "./cluster-status";
import { endCluster } from "./ending";
import { writeLoginPage, tokensFolder } from "./access";
import { processesIn, type Progress } from "./machine";
import { startCluster } from "./starting";
import type { UpOptions } from "./up-options";
import { readVaultKeys } from "./vault";

/** A Consul and a Nomad, or one for each region, on this machine, on loopback only, with all that they keep in one folder. */
export class EmbeddedCluster {
  /** @param answersAt whether an agent's own process answers at its port. Default: the system is asked */
  constructor(
    readonly folder: string,
    private readonly answersAt: (folder: string, agent: Agent) => boolean = answersItself,
  ) {}

  /** Addresses of the agents, for clients and for environment variables. */
  addresses():
    | { readonly nomad: string; readonly consul: string; readonly vault?: string; readonly portOffset: number }
    | undefined {
    const state = readState(this.folder) ?? rememberedBy(livingAgents(this.folder));
    if (!state) return undefined;
    const { consul, nomad, vault } = namedAgents(agentsOf(state));
    return {
      nomad: addressOf(nomad),
      consul: addressOf(consul),
      ...(vault ? { vault: addressOf(vault) } : {}),
      portOffset: state.portOffset,
    };
  }

  /**
   * The variables that point nomad, consul, bao, vault, terraform and clients at it: addresses, and of a closed one the tokens that may do
   * everything. An agent that does not live has no token here: somebody else may have its port by now. Undefined where no cluster was started.
   *
   * @param address which of its Nomads is meant. Default: the first region's
   */
  environment(address?: string): Readonly<Record<string, string>> | undefined {
    const addresses = this.addresses();
    if (!addresses) return undefined;
    const state = readState(this.folder);
    const tokens = tokensOf(this.folder, state);
    const agents = namedAgents(agentsOf(state ?? NOTHING_STARTED));
    const told = (agent: Agent | undefined) => agent !== undefined && this.answersAt(this.folder, agent);
    const { vault } = addresses;
    const nomad = (address === undefined ? undefined : this.agentAt(address, "nomad")) ?? agents.nomad;
    const keys = told(agents.vault) ? readVaultKeys(this.folder) : undefined;
    return {
      NOMAD_ADDR: addressOf(nomad),
      ...(tokens && told(nomad) ? { NOMAD_TOKEN: tokens.nomad } : {}),
      CONSUL_HTTP_ADDR: addresses.consul,
      ...(tokens && told(agents.consul) ? { CONSUL_HTTP_TOKEN: tokens.consul } : {}),
      // OpenBao's command reads its own names first, then Vault's; Vault's command and Terraform know their own alone.
      ...(vault === undefined ? {} : { VAULT_ADDR: vault, BAO_ADDR: vault }),
      ...(agents.vault?.tls && keys?.caFile ? { VAULT_CACERT: keys.caFile, BAO_CACERT: keys.caFile } : {}),
      ...(keys ? { VAULT_TOKEN: keys.token, BAO_TOKEN: keys.token } : {}),
    };
  }

  /**
   * Refuses to ask an agent that has ended where somebody else answers in its place: what is asked there, and with it values of variables, is told to them. One of a
   * further region is not asked at all once it has ended: whoever looks at its port a moment later may have it.
   *
   * @param address which of its agents is meant. Default: the first region's
   * @throws UserError with who it is, and what to do
   */
  refuseStranger(program: "nomad" | "consul", address?: string): void {
    const state = readState(this.folder);
    if (!state) return;
    const first = namedAgents(agentsOf(state))[program];
    const agent = address === undefined ? first : this.agentAt(address, program);
    if (agent === undefined || this.answersAt(this.folder, agent)) return;
    const holder = holderOf(portOf(agent));
    const ended = `${addressOf(agent)} is the address of this project's ${agent.name}, which has ended`;
    if (holder !== undefined)
      throw UserError.at(
        "",
        `${ended}, and ${holder} answers there; end that, then run cdk-nomad up, or cdk-nomad down, which forgets the cluster`,
        "cluster",
      );
    if (agent.name !== first.name && !livingAgents(this.folder).some(({ name }) => name === agent.name))
      throw UserError.at("", `${ended}; cdk-nomad up starts it again`, "cluster");
  }

  /** The address of a page of its own that leads a browser to another address, with a token that nobody else sees. */
  loginPage(address: URL): string {
    return writeLoginPage(tokensFolder(this.folder), address);
  }

  /** The variables by which a program knows what jobs for it are like: how its ports are moved, and whether it is closed. */
  programVariables(): Readonly<Record<string, string>> {
    const state = readState(this.folder);
    return {
      ...(state?.portOffset ? { CDK_NOMAD_PORT_OFFSET: String(state.portOffset) } : {}),
      ...(state?.closed ? { CDK_NOMAD_CLOSED: "true" } : {}),
    };
  }

  /** Where the Nomad of a region makes a folder for each allocation. @param region Default: the first one */
  allocationsFolder(region?: string): string {
    const nomad = agentsOf(readState(this.folder) ?? NOTHING_STARTED).find(
      (agent) => agent.program === "nomad" && agent.region === region,
    );
    return join(filesOf(this.folder, nomad?.name ?? "nomad").data, "alloc");
  }

  /** Whether an address is that of one of its Nomads, and that one lives: whatever else answers there is somebody else's. */
  isAt(address: string): boolean {
    const own = this.agentAt(address, "nomad");
    return own !== undefined && livingAgents(this.folder).some(({ name }) => name === own.name);
  }

  /** Whether an address is that of one of its agents, by whatever name and in whatever region, and whether that lives or not. */
  hasAddress(address: string, program: "nomad" | "consul" = "nomad"): boolean {
    return this.ownAddress(address, program) !== undefined;
  }

  /** An address of one of its agents as that has it itself: a name may lead to another listener than to the agent. Undefined where it is none of its. */
  ownAddress(address: string, program: "nomad" | "consul"): string | undefined {
    const agent = this.agentAt(address, program);
    return agent && addressOf(agent);
  }

  private agentAt(address: string, program: "nomad" | "consul"): Agent | undefined {
    const state = readState(this.folder) ?? rememberedBy(livingAgents(this.folder));
    return (
      state && agentsOf(state).find((agent) => agent.program === program && isSameAddress(addressOf(agent), address))
    );
  }

  /** The agents whose processes live, and how many processes of their tasks do. Nobody is asked who might not answer. */
  alive(): { readonly agents: readonly string[]; readonly others: number } {
    return {
      agents: livingAgents(this.folder).map(({ name }) => name),
      others: processesIn(dataOf(this.folder)).length,
    };
  }

  /** What it is doing, asked of the processes and of the agents themselves. */
  async status(): Promise<ClusterStatus> {
    return statusOf(this.folder);
  }

  /**
   * Starts what does not run yet, and waits until all of it is ready.
   *
   * @returns what runs, and whether all of it did before
   * @throws UserError where a port is taken (and nothing is started), a binary is missing, or an agent does not get ready
   */
  async up(options: UpOptions): Promise<{ readonly status: ClusterStatus; readonly before: boolean }> {
    return startCluster(this.folder, options);
  }

  /**
   * Stops every job, every agent and whatever they left, and removes their data and their configuration. Logs stay.
   *
   * @param signal ends it on the way: what has not ended then goes on, and a later call ends it
   * @returns whether there was anything to stop
   */
  async down(progress: Progress, signal?: AbortSignal): Promise<boolean> {
    return endCluster(this.folder, progress, signal);
  }
}

/** Whether two addresses are one, by whatever name of this machine. */
function isSameAddress(one: string, other: string): boolean {
  // Consul's variable may have none.
  const whole = other.includes("://") ? other : `http://${other}`;
  if (!URL.canParse(whole)) return false;
  const [own, { hostname, port, protocol }] = [new URL(one), new URL(whole)];
  return protocol === own.protocol && isUsualLoopback(hostname) && port === own.port;
}
