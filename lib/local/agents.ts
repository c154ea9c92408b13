import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { openPrivateFile, privateFolder, writePrivateFile } from "../private-files";
import type { Binary } from "./binaries";
import { smallChroot } from "./chroot";
import type { Machine } from "./machine";
import { dynamicPortsAt, portsAt, regionPortsAt, type NomadPorts, type Ports } from "./ports";

/** Where nobody says otherwise, there is one region: Nomad's own default. */
export const ONE_REGION = ["global"] as const;

/** Names of agents; that of a Nomad after the first ends with its region. */
const CONSUL = "consul";
const FIRST_NOMAD = "nomad";
const OTHER_NOMAD = "nomad-";
const CONFIGURATION = ".json";

/** One agent of an embedded cluster. */
export type Agent =
  | { readonly name: string; readonly program: "consul"; readonly region?: undefined; readonly ports: Ports }
  | {
      readonly name: string;
      readonly program: "nomad";
      readonly region: string;
      readonly ports: NomadPorts;
      readonly consul: Ports;
      /** What it gives to tasks that ask for any port; undefined for Nomad's own default. */
      readonly dynamicPorts: ReturnType<typeof dynamicPortsAt>;
    };

/** The agents of a cluster: one Consul, and a Nomad for each region; the first has the usual name and the usual ports. */
export function agentsOf(portOffset: number, regions: readonly string[]): readonly Agent[] {
  const ports = portsAt(portOffset);
  return [
    { name: CONSUL, program: "consul", ports },
    ...regions.map((region, index): Agent => ({
      name: index === 0 ? FIRST_NOMAD : OTHER_NOMAD + region,
      program: "nomad",
      region,
      ports: regionPortsAt(portOffset, index),
      consul: ports,
      dynamicPorts: dynamicPortsAt(portOffset, index),
    })),
  ];
}

/** Where an agent answers. */
export function addressOf(agent: Agent): string {
  return `http://127.0.0.1:${agent.program === "nomad" ? agent.ports["Nomad HTTP"] : agent.ports["Consul HTTP"]}`;
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

/** Whether a file of the cluster's folder, by its name there, is the configuration of an agent of any cluster, whatever its regions are. */
export function isConfigurationFile(name: string): boolean {
  if (!name.endsWith(CONFIGURATION)) return false;
  const agent = name.slice(0, -CONFIGURATION.length);
  return agent === CONSUL || agent === FIRST_NOMAD || agent.startsWith(OTHER_NOMAD);
}

/**
 * What an agent is configured with on a machine.
 */
export function configOf(agent: Agent, files: AgentFiles, machine: Machine): object {
  return agent.program === "consul" ? consulConfig(agent.ports, files) : nomadConfig(agent, files, machine);
}

/** Consul as one server on loopback. https://developer.hashicorp.com/consul/docs/agent/config */
function consulConfig(ports: Ports, files: AgentFiles) {
  return {
    node_name: "local",
    datacenter: "dc1",
    data_dir: files.data,
    bind_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    ports: {
      http: ports["Consul HTTP"],
      grpc: ports["Consul gRPC"],
      grpc_tls: -1,
      dns: ports["Consul DNS"],
      server: ports["Consul server"],
      serf_lan: ports["Consul Serf"],
      serf_wan: -1,
    },
    connect: { enabled: true },
    ui_config: { enabled: true },
    disable_update_check: true,
    log_level: "info",
  };
}

/** Nomad as one server and client on loopback. https://developer.hashicorp.com/nomad/docs/configuration */
function nomadConfig(
  { name, region, ports, consul, dynamicPorts }: Extract<Agent, { program: "nomad" }>,
  files: AgentFiles,
  machine: Machine,
) {
  const loopback = "127.0.0.1";
  // What stands in the root of a task of the exec driver; without it, all of /usr.
  const chroot = smallChroot(machine);
  return {
    name: name === FIRST_NOMAD ? "local" : `local-${region}`,
    region,
    datacenter: datacenterOf(region),
    data_dir: files.data,
    bind_addr: loopback,
    advertise: { http: loopback, rpc: loopback, serf: loopback },
    ports: { http: ports["Nomad HTTP"], rpc: ports["Nomad RPC"], serf: ports["Nomad Serf"] },
    server: {
      enabled: true,
      default_scheduler_config: { memory_oversubscription_enabled: true },
    },
    client: {
      enabled: true,
      network_interface: machine.platform === "darwin" ? "lo0" : "lo",
      servers: [`${loopback}:${ports["Nomad RPC"]}`],
      ...dynamicPorts,
      ...(chroot ? { chroot_env: chroot } : {}),
      // Asking the clouds whether this is one of theirs takes seconds, and fails where AWS_CA_BUNDLE is set.
      options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
    },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
    consul: { address: `${loopback}:${consul["Consul HTTP"]}`, grpc_address: `${loopback}:${consul["Consul gRPC"]}` },
    disable_update_check: true,
    log_level: "INFO",
  };
}

/** The datacenter of a region's one node, called as clouds call the first zone of a region. */
function datacenterOf(region: string): string {
  return region === ONE_REGION[0] ? "dc1" : `${region}-1a`;
}

/** The environment of an agent: the addresses and tokens of another cluster are none of its business. */
export function agentEnvironment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(NOMAD|CONSUL|VAULT)_/.test(name)));
}

/**
 * Starts an agent that outlives this process, with its output in its log.
 *
 * @param env the environment of whoever starts it, of which it gets what does not name another cluster
 * @returns the id of its process
 */
export function startAgent(
  binary: Binary,
  config: object,
  files: AgentFiles,
  env: Readonly<Record<string, string | undefined>>,
): number {
  privateFolder(files.data);
  writePrivateFile(files.config, `${JSON.stringify(config, null, 2)}\n`);
  const log = openPrivateFile(files.log, "a");
  // In dev mode a server elects itself at once, and a client that came before it tries again after one second; outside of it, after
  // fifteen. Nothing has to outlive the agents: down removes it all.
  const args = ["agent", "-dev", `${binary.name === "consul" ? "-config-file" : "-config"}=${files.config}`];
  try {
    const child = spawn(binary.path, args, { detached: true, stdio: ["ignore", log, log], env: agentEnvironment(env) });
    child.on("error", () => undefined);
    child.unref();
    if (child.pid === undefined) throw new Error(`${binary.path} could not be started`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}
