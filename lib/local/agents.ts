import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Binary } from "./binaries";
import type { Ports } from "./ports";

/** Where an agent keeps what. */
export interface AgentFiles {
  readonly config: string;
  readonly data: string;
  readonly log: string;
}

/** The files of an agent inside the cluster's folder. */
export function filesOf(folder: string, name: string): AgentFiles {
  return { config: join(folder, `${name}.json`), data: join(folder, "data", name), log: join(folder, `${name}.log`) };
}

/** Consul as one server on loopback. https://developer.hashicorp.com/consul/docs/agent/config */
export function consulConfig(ports: Ports, files: AgentFiles) {
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
export function nomadConfig(ports: Ports, files: AgentFiles) {
  const loopback = "127.0.0.1";
  return {
    name: "local",
    region: "global",
    datacenter: "dc1",
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
      network_interface: process.platform === "darwin" ? "lo0" : "lo",
      servers: [`${loopback}:${ports["Nomad RPC"]}`],
      // Asking the clouds whether this is one of theirs takes seconds, and fails where AWS_CA_BUNDLE is set.
      options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
    },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
    consul: { address: `${loopback}:${ports["Consul HTTP"]}`, grpc_address: `${loopback}:${ports["Consul gRPC"]}` },
    disable_update_check: true,
    log_level: "INFO",
  };
}

/**
 * Starts an agent that outlives this process, with its output in its log.
 *
 * @returns the id of its process
 */
export function startAgent(binary: Binary, config: object, files: AgentFiles): number {
  mkdirSync(files.data, { recursive: true });
  writeFileSync(files.config, `${JSON.stringify(config, null, 2)}\n`);
  const log = openSync(files.log, "a");
  // The addresses and tokens of another cluster are none of its business.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NOMAD|CONSUL|VAULT)_/.test(name)));
  // In dev mode a server elects itself at once, and a client that came before it tries again after one second; outside of it, after
  // fifteen. Nothing has to outlive the agents: down removes it all.
  const args = ["agent", "-dev", `${binary.name === "consul" ? "-config-file" : "-config"}=${files.config}`];
  try {
    const child = spawn(binary.path, args, { detached: true, stdio: ["ignore", log, log], env });
    child.on("error", () => undefined);
    child.unref();
    if (child.pid === undefined) throw new Error(`${binary.path} could not be started`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}
