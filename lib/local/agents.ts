import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { basename, join } from "node:path";
import { openPrivateFile, privateFolder, writePrivateFile } from "../private-files";
import type { Binary } from "./binaries";
import { smallChroot } from "./chroot";
import { AUDIENCE } from "./consul-acl";
import type { Machine } from "./machine";
import {
  dynamicPortsAt,
  portsAt,
  regionConsulPortsAt,
  regionPortsAt,
  type ConsulClientPorts,
  type NomadPorts,
  type Ports,
} from "./ports";
import type { Tokens } from "./tokens";

/** Where nobody says otherwise, there is one region: Nomad's own default. */
export const ONE_REGION = ["global"] as const;

/** Names of agents; those of the regions after the first end with the region. */
const CONSUL = "consul";
const OTHER_CONSUL = "consul-";
const FIRST_NOMAD = "nomad";
const OTHER_NOMAD = "nomad-";
const CONFIGURATION = ".json";
const LOOPBACK = "127.0.0.1";

/** The one server of Consul. */
interface ConsulServer {
  readonly name: string;
  readonly program: "consul";
  readonly region?: undefined;
  readonly ports: Ports;
  readonly server?: undefined;
}

/** A Consul agent of its own for the Nomad of a further region. */
interface ConsulClientAgent {
  readonly name: string;
  readonly program: "consul";
  readonly region?: undefined;
  readonly ports: ConsulClientPorts;
  /** The ports of the server that it is a client of. */
  readonly server: Ports;
}

/** The Nomad of a region. */
interface NomadAgent {
  readonly name: string;
  readonly program: "nomad";
  readonly region: string;
  readonly ports: NomadPorts;
  /** The ports of its own Consul agent. */
  readonly consul: ConsulClientPorts;
  /** The ports of the Nomad of the first region, which those of the others join. */
  readonly joins?: NomadPorts;
  /** What it gives to tasks that ask for any port; undefined for Nomad's own default. */
  readonly dynamicPorts: ReturnType<typeof dynamicPortsAt>;
}

/** The variable of an agent's environment that tells which cluster it is of, also where the cluster's folder is gone. */
export const CLUSTER_MARK = "CDK_NOMAD_CLUSTER";

/** One agent of an embedded cluster. */
export type Agent = ConsulServer | ConsulClientAgent | NomadAgent;

/** What decides which agents a cluster has. */
export interface Layout {
  readonly portOffset: number;
  readonly regions: readonly string[];
  /** Whether the Nomads of all regions share the one Consul agent, as in clusters that releases before 0.2 started. Default: false */
  readonly sharedConsul?: boolean;
}

/**
 * The agents of a cluster: a Nomad for each region, and before each its own Consul agent; the first has the usual name and the usual ports, and
 * its Consul agent is the server. Two Nomads that register with the same Consul agent take each other's services away after a minute.
 */
export function agentsOf({ portOffset, regions, sharedConsul = false }: Layout): readonly Agent[] {
  const server = portsAt(portOffset);
  return regions.flatMap((region, index): Agent[] => {
    const shares = index === 0 || sharedConsul;
    const consul = shares ? server : regionConsulPortsAt(portOffset, index);
    const agents: Agent[] =
      index === 0
        ? [{ name: CONSUL, program: "consul", ports: server }]
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
      dynamicPorts: dynamicPortsAt(portOffset, index),
    };
    return [...agents, nomad];
  });
}

/** Where an agent answers. */
export function addressOf(agent: Agent): string {
  return `http://${LOOPBACK}:${agent.program === "nomad" ? agent.ports["Nomad HTTP"] : agent.ports["Consul HTTP"]}`;
}

/** Where an agent keeps what. */
export interface AgentFiles {
  readonly config: string;
  readonly data: string;
  readonly log: string;
}

/** The files of an agent inside the cluster's folder. */
export function filesOf(folder: string, name: string): AgentFiles {
  return {
    config: join(folder, name + CONFIGURATION),
    data: join(folder, "data", name),
    log: join(folder, `${name}.log`),
  };
}

/** Whether an agent of this name is the server of Consul, which keeps what all of the cluster has there. */
export function isConsulServer(name: string): boolean {
  return name === CONSUL;
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
  return [CONSUL, FIRST_NOMAD].includes(agent) || [OTHER_CONSUL, OTHER_NOMAD].some((start) => agent.startsWith(start));
}

/** By which of Consul's ways to log in the workloads of a Nomad get their tokens: each region signs with keys of its own. */
export function serviceLoginOf({ name }: Agent): string {
  return name === FIRST_NOMAD ? "nomad-workloads" : `nomad-workloads-${name.slice(OTHER_NOMAD.length)}`;
}

/** What an agent is configured with beside what it is. */
export interface AgentSettings {
  readonly files: AgentFiles;
  readonly machine: Machine;
  /** The version of its program. */
  readonly version: string;
  /** The region whose Nomad the others follow. */
  readonly firstRegion: string;
  /** Where it is told, the agent refuses whoever has none. */
  readonly tokens?: Tokens;
}

/**
 * What an agent is configured with on a machine.
 */
export function configOf(agent: Agent, settings: AgentSettings): object {
  if (agent.program === "nomad") return nomadConfig(agent, settings);
  return agent.server ? consulClientConfig(agent, settings) : consulConfig(agent.ports, settings);
}

/** Consul's access control. https://developer.hashicorp.com/consul/docs/agent/config/config-files#acl */
function consulAccess(tokens: Tokens | undefined, own: (tokens: Tokens) => object) {
  return tokens ? { acl: { enabled: true, default_policy: "deny", tokens: own(tokens) } } : {};
}

/** What every Consul agent of a cluster has: loopback only, in a folder of its own. */
function consulOnLoopback(
  name: string,
  ports: ConsulClientPorts,
  { files }: Pick<AgentSettings, "files">,
  ownPorts: object,
) {
  return {
    node_name: name,
    datacenter: "dc1",
    data_dir: files.data,
    bind_addr: LOOPBACK,
    client_addr: LOOPBACK,
    ports: {
      http: ports["Consul HTTP"],
      grpc: ports["Consul gRPC"],
      grpc_tls: -1,
      serf_lan: ports["Consul Serf"],
      serf_wan: -1,
      ...ownPorts,
    },
    disable_update_check: true,
    log_level: "info",
  };
}

/** Consul as one server on loopback. https://developer.hashicorp.com/consul/docs/agent/config */
function consulConfig(ports: Ports, settings: AgentSettings) {
  const { version, tokens } = settings;
  return {
    ...consulOnLoopback("local", ports, settings, { dns: ports["Consul DNS"], server: ports["Consul server"] }),
    connect: { enabled: true },
    ui_config: { enabled: true },
    ...consulAccess(tokens, ({ consul }) => ({ initial_management: consul, agent: consul })),
    // Who may reach whom in the mesh, intentions say: where there are none everybody may, closed or not.
    ...(tokens && isAtLeast(version, 1, 18) ? { default_intention_policy: "allow" } : {}),
  };
}

/** Consul as a client of the server, for the services of one region's Nomad. */
function consulClientConfig({ name, ports, server }: ConsulClientAgent, settings: AgentSettings) {
  return {
    ...consulOnLoopback(`local-${name.slice(OTHER_CONSUL.length)}`, ports, settings, { dns: -1 }),
    server: false,
    retry_join: [`${LOOPBACK}:${server["Consul Serf"]}`],
    retry_interval: "1s",
    // Whoever asks the server for a check of this region is told its last output too.
    check_update_interval: "1s",
    ...consulAccess(settings.tokens, ({ consulAgent }) => ({ agent: consulAgent })),
  };
}

/** Nomad as one server and client on loopback. https://developer.hashicorp.com/nomad/docs/configuration */
function nomadConfig(agent: NomadAgent, { files, machine, version, firstRegion, tokens }: AgentSettings) {
  const { name, region, ports, consul, dynamicPorts, joins } = agent;
  // What stands in the root of a task of the exec driver; without it, all of /usr.
  const chroot = smallChroot(machine);
  return {
    name: name === FIRST_NOMAD ? "local" : `local-${region}`,
    region,
    datacenter: datacenterOf(region),
    data_dir: files.data,
    bind_addr: LOOPBACK,
    advertise: { http: LOOPBACK, rpc: LOOPBACK, serf: LOOPBACK },
    ports: { http: ports["Nomad HTTP"], rpc: ports["Nomad RPC"], serf: ports["Nomad Serf"] },
    server: {
      enabled: true,
      default_scheduler_config: { memory_oversubscription_enabled: true },
      // Before it leads: what it does not find then, the policies of the first region, it looks for again half a minute later.
      ...(joins ? { server_join: { retry_join: [`${LOOPBACK}:${joins["Nomad Serf"]}`], retry_interval: "1s" } } : {}),
      ...(tokens ? { authoritative_region: firstRegion } : {}),
    },
    ...(tokens ? { acl: { enabled: true, ...(joins ? { replication_token: tokens.nomad } : {}) } } : {}),
    client: {
      enabled: true,
      network_interface: machine.platform === "darwin" ? "lo0" : "lo",
      servers: [`${LOOPBACK}:${ports["Nomad RPC"]}`],
      ...dynamicPorts,
      ...(chroot ? { chroot_env: chroot } : {}),
      // Asking the clouds whether this is one of theirs takes seconds, and fails where AWS_CA_BUNDLE is set.
      options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
    },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
    consul: {
      address: `${LOOPBACK}:${consul["Consul HTTP"]}`,
      grpc_address: `${LOOPBACK}:${consul["Consul gRPC"]}`,
      ...(tokens ? { token: tokens.nomadAgent, ...(givesIdentities(version) ? identities(agent) : {}) } : {}),
    },
    disable_update_check: true,
    log_level: "INFO",
  };
}

/** Whether a Nomad of a version gives services and tasks identities for Consul; an older one registers services with its own token. */
export function givesIdentities(version: string): boolean {
  return isAtLeast(version, 1, 7);
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/**
 * The identities that services, and tasks with a `consul` block, get by themselves, and how they log in with them.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/consul#parameters-for-clients-and-servers
 */
function identities(agent: NomadAgent) {
  const identity = { aud: [AUDIENCE], ttl: "1h" };
  const method = serviceLoginOf(agent);
  return {
    service_identity: identity,
    task_identity: identity,
    service_auth_method: method,
    task_auth_method: method,
  };
}

/** The datacenter of a region's one node, called as clouds call the first zone of a region. */
function datacenterOf(region: string): string {
  return region === ONE_REGION[0] ? "dc1" : `${region}-1a`;
}

/**
 * What a Nomad agent is told beside its configuration: the file of the token with which it asks Consul for templates of tasks that have no
 * identity. Its configuration knows no token for them, and without one they would be anonymous. Nomad keeps the variable from tasks.
 */
export function templateEnvironment({ program }: Agent, tokenFile: string): Readonly<Record<string, string>> {
  return program === "nomad" ? { CONSUL_HTTP_TOKEN_FILE: tokenFile } : {};
}

/** The environment of an agent: the addresses and tokens of another cluster are none of its business. */
export function agentEnvironment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(NOMAD|CONSUL|VAULT)_/.test(name)));
}

/**
 * Starts an agent that outlives this process, with its output in its log.
 *
 * @param env the environment of whoever starts it, of which it gets what does not name another cluster
 * @param own variables of its own
 * @returns the id of its process
 */
export function startAgent(
  binary: Binary,
  config: object,
  files: AgentFiles,
  env: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>> = {},
): number {
  privateFolder(files.data);
  writePrivateFile(files.config, `${JSON.stringify(config, null, 2)}\n`);
  const log = openPrivateFile(files.log, "a");
  // In dev mode a server elects itself at once, and a client that came before it tries again after one second; outside of it, after
  // fifteen. Nothing has to outlive the agents: down removes it all. A client of Consul has no such mode.
  // By these arguments the process of an agent is known (`living-agents`).
  const isClient = "server" in config && config.server === false;
  const args = [
    "agent",
    ...(isClient ? [] : ["-dev"]),
    `${binary.name === "consul" ? "-config-file" : "-config"}=${files.config}`,
  ];
  try {
    const child = spawn(binary.path, args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...agentEnvironment(env), ...own },
    });
    child.on("error", () => undefined);
    child.unref();
    if (child.pid === undefined) throw new Error(`${binary.path} could not be started`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}
