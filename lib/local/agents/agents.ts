import { basename, join } from "node:path";
import {
  dynamicPortsAt,
  LOOPBACK,
  portsAt,
  regionConsulPortsAt,
  regionPortsAt,
  type ConsulClientPorts,
  type NomadPorts,
  type Ports,
  type VaultPorts,
} from "./ports";

/** Where nobody says otherwise, there is one region: Nomad's own default. */
export const ONE_REGION = ["global"] as const;

/**
 * What a region may be called. Names of files and of hosts in certificates are made of it, so nothing else is taken from anybody: not from the
 * command line, and not from what a cluster remembers of itself.
 */
export const REGION_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Names of agents; those of the regions after the first end with the region. */
const CONSUL = "consul";
const OTHER_CONSUL = "consul-";
const FIRST_NOMAD = "nomad";
const OTHER_NOMAD = "nomad-";
const VAULT = "vault";
/** The agent of Vault's name while its store is made, where nobody else reaches it. */
export const NEW_VAULT = "vault-new";
const CONFIGURATION = ".json";

/** The one server of Consul. */
export interface ConsulServer {
  readonly name: string;
  readonly program: "consul";
  readonly region?: undefined;
  readonly ports: Ports;
  readonly server?: undefined;
}

/** A Consul agent of its own for the Nomad of a further region. */
export interface ConsulClientAgent {
  readonly name: string;
  readonly program: "consul";
  readonly region?: undefined;
  readonly ports: ConsulClientPorts;
  /** The ports of the server that it is a client of. */
  readonly server: Ports;
}

/** The one server that keeps secrets: OpenBao, or Vault. */
export interface VaultServer {
  readonly name: string;
  readonly program: "vault";
  readonly region?: undefined;
  readonly ports: VaultPorts;
  /** Whether it is asked by HTTPS alone, with the cluster's certificate: whoever takes its port cannot answer in its place. */
  readonly tls: boolean;
}

/** The Nomad of a region. */
export interface NomadAgent {
  readonly name: string;
  readonly program: "nomad";
  readonly region: string;
  readonly ports: NomadPorts;
  /** The ports of its own Consul agent. */
  readonly consul: ConsulClientPorts;
  /** The ports of the Nomad of the first region, which those of the others join. */
  readonly joins?: NomadPorts;
  /** The ports of the server that keeps secrets, where there is one. */
  readonly vault?: VaultPorts;
  /** What it gives to tasks that ask for any port; undefined for Nomad's own default. */
  readonly dynamicPorts: ReturnType<typeof dynamicPortsAt>;
}

/** The variable of an agent's environment that tells which cluster it is of, also where the cluster's folder is gone. */
export const CLUSTER_MARK = "CDK_NOMAD_CLUSTER";

/** One agent of an embedded cluster. */
export type Agent = ConsulServer | ConsulClientAgent | VaultServer | NomadAgent;

/** What decides which agents a cluster has. */
export interface Layout {
  readonly portOffset: number;
  readonly regions: readonly string[];
  /** Whether the Nomads of all regions share the one Consul agent, as in clusters that releases before 0.2 started. Default: false */
  readonly sharedConsul?: boolean;
  /** Whether there is a server that keeps secrets, one for all regions. Default: false */
  readonly vault?: boolean;
  /** Whether its agents have a certificate by which they are known. Default: false */
  readonly tls?: boolean;
}

/**
 * The agents of a cluster: a Nomad for each region, and before each its own Consul agent; the first has the usual name and the usual ports, and
 * its Consul agent is the server. Two Nomads that register with the same Consul agent take each other's services away after a minute.
 */
export function agentsOf({
  portOffset,
  regions,
  sharedConsul = false,
  vault = false,
  tls = false,
}: Layout): readonly Agent[] {
  const server = portsAt(portOffset);
  // Before the first Nomad, which looks for it when it starts.
  const keeper: readonly VaultServer[] = vault ? [{ name: VAULT, program: "vault", ports: server, tls }] : [];
  return regions.flatMap((region, index): Agent[] => {
    const shares = index === 0 || sharedConsul;
    const consul = shares ? server : regionConsulPortsAt(portOffset, index);
    const agents: Agent[] =
      index === 0
        ? [{ name: CONSUL, program: "consul", ports: server }, ...keeper]
        : shares
          ? []
          : [{ name: OTHER_CONSUL + region, program: "consul", ports: consul, server }];
    const nomad: NomadAgent = {
      name: index === 0 ? FIRST_NOMAD : OTHER_NOMAD + region,
      program: "nomad",
      region,
      ports: regionPortsAt(portOffset, index),
      consul,
      joins: index === 0 ? undefined : regionPortsAt(portOffset, 0),
      ...(vault ? { vault: server } : {}),
      dynamicPorts: dynamicPortsAt(portOffset, index),
    };
    return [...agents, nomad];
  });
}

/** Where an agent answers. */
export function addressOf(agent: Agent): string {
  return `${agent.program === "vault" && agent.tls ? "https" : "http"}://${LOOPBACK}:${portOf(agent)}`;
}

/** The port that an agent is asked at. */
export function portOf(agent: Agent): number {
  if (agent.program === "nomad") return agent.ports["Nomad HTTP"];
  return agent.program === "vault" ? agent.ports["Vault HTTP"] : agent.ports["Consul HTTP"];
}

/** The agents of a cluster of which there is one, whatever its regions are: the server of Consul, the first Nomad, and the server of secrets. */
export function namedAgents(agents: readonly Agent[]): {
  readonly consul: ConsulServer;
  readonly nomad: NomadAgent;
  readonly vault?: VaultServer;
} {
  const find = <T extends Agent>(is: (agent: Agent) => agent is T) => agents.find(is);
  const consul = find((agent): agent is ConsulServer => agent.name === CONSUL);
  const nomad = find((agent): agent is NomadAgent => agent.name === FIRST_NOMAD);
  const vault = find((agent): agent is VaultServer => agent.name === VAULT);
  if (!consul || !nomad) throw new Error("a cluster has a server of Consul and a first Nomad");
  return { consul, nomad, vault };
}

/** The files of an agent. */
export interface AgentFiles {
  /** What it is started with: JSON. */
  readonly config: string;
  /** The folder that it keeps its data in. */
  readonly data: string;
  /** What it writes on its standard output and its standard error. */
  readonly log: string;
}

/** The folder of a cluster's folder in which its agents keep their data, each in one of its own. */
export function dataOf(folder: string): string {
  return join(folder, "data");
}

/** The files of an agent inside the cluster's folder. */
export function filesOf(folder: string, name: string): AgentFiles {
  return {
    config: join(folder, name + CONFIGURATION),
    data: join(dataOf(folder), name),
    log: join(folder, `${name}.log`),
  };
}

/** Whether an agent of this name is the server of Consul, which keeps what all of the cluster has there. */
export function isConsulServer(name: string): boolean {
  return name === CONSUL;
}

/** Whether an agent of this name keeps secrets, which outlive its process. */
export function isVault(name: string): boolean {
  return name === VAULT || name === NEW_VAULT;
}

/** Whether an agent of this name is a Consul. */
export function isConsul(name: string): boolean {
  return name === CONSUL || name.startsWith(OTHER_CONSUL);
}

/** The name of the agent that a configuration is of. */
export function agentOfConfiguration(config: string): string {
  return basename(config, CONFIGURATION);
}

/** Whether a file of the cluster's folder, by its name there, is the configuration of an agent of any cluster, whatever its regions are. */
export function isConfigurationFile(name: string): boolean {
  if (!name.endsWith(CONFIGURATION)) return false;
  const agent = name.slice(0, -CONFIGURATION.length);
  return (
    [CONSUL, FIRST_NOMAD, VAULT, NEW_VAULT].includes(agent) ||
    [OTHER_CONSUL, OTHER_NOMAD].some((start) => agent.startsWith(start) && REGION_NAME.test(agent.slice(start.length)))
  );
}

/** The name of Consul's auth method by which the workloads of a Nomad get their tokens: each region signs with keys of its own. */
export function serviceLoginOf(nomad: NomadAgent): string {
  return `nomad-workloads${suffixOf(nomad)}`;
}

/** The path of Vault's auth method by which the workloads of a Nomad get their tokens. */
export function vaultLoginOf(nomad: NomadAgent): string {
  return `jwt-nomad${suffixOf(nomad)}`;
}

function suffixOf({ name }: NomadAgent): string {
  return name === FIRST_NOMAD ? "" : `-${name.slice(OTHER_NOMAD.length)}`;
}

/** Whether a Nomad is that of the first region, which has the usual name. */
export function isFirstNomad({ name }: NomadAgent): boolean {
  return name === FIRST_NOMAD;
}

/** The region for whose Nomad a further Consul agent is. */
export function regionOfConsul({ name }: ConsulClientAgent): string {
  return name.slice(OTHER_CONSUL.length);
}
