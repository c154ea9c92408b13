import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { agentEnvironment, dynamicPortsAt, mountsIn, portsAt, regionPortsAt, unmount } from "../../lib/local";
import { binaryHere } from "./binaries";
import { apiPath, NomadClient, nomadConnection } from "../../lib/nomad";
import type { OwnConsul } from "./own-consul";
import { reservePorts, type ReservedPorts } from "./ports";
import { until } from "./until";

const loopback = "127.0.0.1";

/**
 * A Nomad that keeps its state where it restarts, that asks for tokens, and that may have several servers: what the embedded one does not. The
 * first of its agents is a client too, and the one that is asked.
 */
export class OwnNomad {
  token = "";
  #folder: string | undefined;
  #ports: ReservedPorts | undefined;
  readonly #children: (ChildProcess | undefined)[] = [];

  /**
   * @param servers how many there are
   * @param consul the Consul that it registers services with; default: none
   */
  constructor(
    private readonly servers = 1,
    private readonly consul?: OwnConsul,
  ) {}

  /** Starts what does not run of it, and waits until it is ready. */
  async start(): Promise<void> {
    this.#ports ??= await reservePorts(this.servers);
    this.#folder ??= mkdtempSync(join(tmpdir(), "cdk-nomad-own-"));
    for (let index = 0; index < this.servers; index += 1)
      if (!isRunning(this.#children[index]))
        this.#children[index] = await this.startAgent(index, this.#folder, this.#ports);
    const nomad = this.client();
    try {
      await until(`a ready Nomad (its log: ${this.#folder}/0.log)`, async () => {
        if (!(await nomad.leader().catch(() => undefined))) return false;
        this.token ||= (await nomad.http.post(apiPath`/v1/acl/bootstrap`, v.object({ SecretID: v.string() }))).SecretID;
        const authorized = this.client();
        const ready = await authorized.readyNodes().catch(() => []);
        await authorized.close();
        return ready.length > 0;
      });
    } finally {
      await nomad.close();
    }
  }

  private async startAgent(index: number, folder: string, { offset }: ReservedPorts): Promise<ChildProcess> {
    const { path } = await binaryHere("nomad");
    const file = join(folder, `${index}.json`);
    const all = Array.from({ length: this.servers }, (_, each) => regionPortsAt(offset, each));
    const { "Nomad HTTP": http, "Nomad RPC": rpc, "Nomad Serf": serf } = regionPortsAt(offset, index);
    const config = {
      name: `own-${index}`,
      data_dir: join(folder, `data-${index}`),
      bind_addr: loopback,
      ports: { http, rpc, serf },
      advertise: { http: loopback, rpc: loopback, serf: loopback },
      acl: { enabled: true },
      server: {
        enabled: true,
        bootstrap_expect: this.servers,
        raft_multiplier: 1,
        server_join: { retry_join: all.map((ports) => `${loopback}:${ports["Nomad Serf"]}`), retry_interval: "1s" },
      },
      client: {
        enabled: index === 0,
        network_interface: "lo",
        servers: all.map((ports) => `${loopback}:${ports["Nomad RPC"]}`),
        options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
        ...dynamicPortsAt(offset, 0),
      },
      plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
      consul: {
        // Where none is given nothing is there: a Consul on the usual ports is somebody else's.
        address: this.consul ? new URL(this.consul.address).host : `${loopback}:${portsAt(offset)["Consul HTTP"]}`,
        token: this.consul?.token ?? "",
        auto_advertise: false,
        client_auto_join: false,
        server_auto_join: false,
      },
    };
    writeFileSync(file, JSON.stringify(config));
    const log = openSync(join(folder, `${index}.log`), "a");
    const env = agentEnvironment(process.env);
    return spawn(path, ["agent", `-config=${file}`], { stdio: ["ignore", log, log], env });
  }

  /** Which of the servers leads; undefined where none does. */
  async leader(): Promise<number | undefined> {
    const nomad = this.client();
    const address = await nomad.leader().catch(() => undefined);
    await nomad.close();
    const found = Array.from({ length: this.servers }, (_, index) => this.rpcAddress(index)).indexOf(address ?? "");
    return found < 0 ? undefined : found;
  }

  /** Has the second server lead. */
  async leadElsewhere(): Promise<void> {
    const nomad = this.client();
    const query = { address: this.rpcAddress(1) };
    await nomad.http
      .post(apiPath`/v1/operator/raft/transfer-leadership`, v.unknown(), { query })
      .catch(() => undefined);
    await nomad.close();
  }

  /** Where a server speaks to the others. */
  private rpcAddress(index: number): string {
    return `${loopback}:${regionPortsAt(this.#ports?.offset ?? 0, index)["Nomad RPC"]}`;
  }

  /** Where it has its data, and those of its tasks. */
  get folder(): string {
    if (this.#folder === undefined) throw new Error("it is not started yet; use it inside of tests and hooks");
    return this.#folder;
  }

  /** Where it answers. */
  get address(): string {
    if (!this.#ports) throw new Error("it is not started yet; use it inside of tests and hooks");
    return `http://127.0.0.1:${regionPortsAt(this.#ports.offset, 0)["Nomad HTTP"]}`;
  }

  client(token = this.token): NomadClient {
    return new NomadClient(nomadConnection({ ...(token ? { NOMAD_TOKEN: token } : {}) }, this.address));
  }

  /** Ends an agent without a word, as a crash would; its tasks go on. */
  async kill(index = 0): Promise<void> {
    const child = this.#children[index];
    if (!child || !isRunning(child)) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Stops an agent where it is, as a machine that is too busy would; `resume` has it go on. */
  pause(index = 0): void {
    this.#children[index]?.kill("SIGSTOP");
  }

  resume(index = 0): void {
    this.#children[index]?.kill("SIGCONT");
  }

  /** Stops the jobs, the agent, and forgets the folder. */
  async remove(): Promise<void> {
    const nomad = this.client();
    try {
      // Not purged: of a purged job no allocation is listed, also while its tasks still run.
      for (const { ID } of await nomad.jobs()) await nomad.deregister(ID);
      await until("the end of all allocations", async () => !(await nomad.allAllocations()).some(isAlive));
    } finally {
      await nomad.close();
      for (const index of this.#children.keys()) await this.kill(index);
      await this.#ports?.release();
    }
    if (this.#folder === undefined) return;
    // An agent that is killed takes no mount away.
    for (const mount of mountsIn(this.#folder)) unmount(mount);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function isRunning(child: ChildProcess | undefined): boolean {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}

function isAlive({ ClientStatus }: { readonly ClientStatus: string }): boolean {
  return ["pending", "running"].includes(ClientStatus);
}
