import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  endProcesses,
  mountsIn,
  portsAt,
  processesIn,
  regionPortsAt,
  unmount,
  type ProgramName,
} from "../../lib/local";
import { binaryHere } from "../../__tests__/support/binaries";

/** Sizes that the nodes claim to have, whatever the machine has: MHz and MiB. */
export const NODE = { cpu: 4000, memory: 4096, disk: 20_000 };

/** How far the ports of the first agents are moved; each further one is another thousand away. */
const OFFSET = 12_000;

/** Agents that a recording is made of: real ones, on loopback, with all they keep in one folder that is removed in the end. */
export class Agents {
  readonly folder = mkdtempSync(join(tmpdir(), "cdk-nomad-record-"));
  readonly #children = new Map<string, ChildProcess>();

  /** Starts a Nomad that is server and client. @param more is put over its configuration. @returns its address */
  async nomad(name: string, number: number, more: Json = {}): Promise<string> {
    const ports = portsOf(number);
    await this.start("nomad", name, ["-dev"], {
      ...common(name, number),
      server: { enabled: true },
      client: { ...client(name), servers: [`127.0.0.1:${ports.rpc}`] },
      ...more,
    });
    return addressOf(number);
  }

  /** Starts another client of a Nomad. */
  async nomadClient(name: string, number: number, server: number, more: Json = {}): Promise<void> {
    await this.start("nomad", name, [], {
      ...common(name, number),
      client: { ...client(name), servers: [`127.0.0.1:${portsOf(server).rpc}`] },
      ...more,
    });
  }

  /** Starts a Nomad that waits for servers which never come, so that it has no leader. */
  async leaderless(name: string, number: number): Promise<string> {
    await this.start("nomad", name, [], { ...common(name, number), server: { enabled: true, bootstrap_expect: 3 } });
    return addressOf(number);
  }

  async consul(name: string, number: number, more: Json = {}): Promise<string> {
    const { consul } = portsOf(number);
    await this.start("consul", name, ["-dev"], {
      node_name: "local",
      bind_addr: "127.0.0.1",
      client_addr: "127.0.0.1",
      ports: consul,
      disable_update_check: true,
      log_level: "warn",
      ...more,
    });
    return `http://127.0.0.1:${consul.http}`;
  }

  /** Ends an agent without a word, as a machine that is switched off. */
  async kill(name: string): Promise<void> {
    const child = this.#children.get(name);
    this.#children.delete(name);
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  async end(): Promise<void> {
    for (const name of [...this.#children.keys()].reverse()) await this.kill(name);
    // An agent that is switched off leaves its tasks running.
    await endProcesses(processesIn(this.folder), 0);
    for (const mount of mountsIn(this.folder)) unmount(mount);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async start(program: ProgramName, name: string, args: readonly string[], config: Json): Promise<void> {
    const { path } = await binaryHere(program);
    const folder = join(this.folder, name);
    mkdirSync(folder, { mode: 0o700 });
    const file = join(folder, "agent.json");
    writeFileSync(file, JSON.stringify({ data_dir: join(folder, "data"), ...config }), { mode: 0o600 });
    const log = openSync(join(folder, "log"), "a");
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^(NOMAD|CONSUL|VAULT|AWS)_/.test(key)),
    );
    const flag = program === "consul" ? "-config-file" : "-config";
    const child = spawn(path, ["agent", ...args, `${flag}=${file}`], { stdio: ["ignore", log, log], env });
    child.on("error", () => undefined);
    this.#children.set(name, child);
  }
}

export type Json = Readonly<Record<string, unknown>>;

function portsOf(number: number) {
  const offset = OFFSET + number * 1000;
  const nomad = regionPortsAt(offset, 0);
  const consul = portsAt(offset);
  return {
    http: nomad["Nomad HTTP"],
    rpc: nomad["Nomad RPC"],
    serf: nomad["Nomad Serf"],
    consul: {
      http: consul["Consul HTTP"],
      grpc: consul["Consul gRPC"],
      grpc_tls: -1,
      dns: consul["Consul DNS"],
      server: consul["Consul server"],
      serf_lan: consul["Consul Serf"],
      serf_wan: -1,
    },
  };
}

/** The Serf address of the server with a number, for joining regions. */
export function serfOf(number: number): string {
  return `127.0.0.1:${portsOf(number).serf}`;
}

function addressOf(number: number): string {
  return `http://127.0.0.1:${portsOf(number).http}`;
}

function common(name: string, number: number): Json {
  const { http, rpc, serf } = portsOf(number);
  const loopback = "127.0.0.1";
  const { http: consul } = portsOf(0).consul;
  return {
    name,
    region: "west",
    datacenter: "dc1",
    bind_addr: loopback,
    ports: { http, rpc, serf },
    advertise: { http: loopback, rpc: loopback, serf: loopback },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
    consul: {
      address: `${loopback}:${consul}`,
      auto_advertise: false,
      client_auto_join: false,
      server_auto_join: false,
    },
    disable_update_check: true,
    log_level: "WARN",
  };
}

function client(name: string): Json {
  return {
    enabled: true,
    network_interface: "lo",
    cpu_total_compute: NODE.cpu,
    memory_total_mb: NODE.memory,
    disk_total_mb: NODE.disk,
    disk_free_mb: NODE.disk,
    meta: { rack: name },
    options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
  };
}
