import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentEnvironment, regionPortsAt } from "../../lib/local";
import { binaryHere } from "./binaries";
import { ConsulClient, consulConnection } from "../../lib/nomad";
import { reservePorts, type ReservedPorts } from "./ports";
import { until } from "./until";

const loopback = "127.0.0.1";

/** A Consul that keeps its data where it restarts, and that may have several servers: what the embedded one does not. The first of its agents is the one that is asked. */
export class OwnConsul {
  /** The token that may do everything; "" where nobody is asked for one. */
  readonly token: string;
  #folder: string | undefined;
  #ports: ReservedPorts | undefined;
  readonly #children: (ChildProcess | undefined)[] = [];

  /**
   * @param asksForTokens whether it refuses whoever has none. Default: false
   * @param servers how many there are. Default: one
   */
  constructor(
    asksForTokens = false,
    private readonly servers = 1,
  ) {
    this.token = asksForTokens ? randomUUID() : "";
  }

  /** Starts what does not run of it, with the data that it had, and waits until it takes writes. */
  async start(): Promise<void> {
    this.#ports ??= await reservePorts(this.servers);
    this.#folder ??= mkdtempSync(join(tmpdir(), "cdk-nomad-own-consul-"));
    for (let index = 0; index < this.servers; index += 1)
      if (!isRunning(this.#children[index])) this.#children[index] = await this.startAgent(index, this.#folder);
    await until(
      `a Consul that leads (its log: ${this.#folder}/0.log)`,
      async () => (await this.leader()) !== undefined,
    );
  }

  private async startAgent(index: number, folder: string): Promise<ChildProcess> {
    const { path } = await binaryHere("consul");
    const { http, server, serf } = this.portsOf(index);
    const config = {
      node_name: `own-${index}`,
      server: true,
      bootstrap_expect: this.servers,
      data_dir: join(folder, `data-${index}`),
      bind_addr: loopback,
      client_addr: loopback,
      ports: { http, server, serf_lan: serf, grpc: -1, grpc_tls: -1, dns: -1, serf_wan: -1 },
      retry_join: Array.from({ length: this.servers }, (_, each) => `${loopback}:${this.portsOf(each).serf}`),
      retry_interval: "1s",
      performance: { raft_multiplier: 1 },
      disable_update_check: true,
      ...(this.token === ""
        ? {}
        : {
            acl: {
              enabled: true,
              default_policy: "deny",
              tokens: { initial_management: this.token, agent: this.token },
            },
          }),
    };
    const file = join(folder, `${index}.json`);
    writeFileSync(file, JSON.stringify(config));
    const log = openSync(join(folder, `${index}.log`), "a");
    const env = agentEnvironment(process.env);
    return spawn(path, ["agent", `-config-file=${file}`], { stdio: ["ignore", log, log], env });
  }

  /** Those that its Nomad would have: none is there. */
  private portsOf(index: number): Readonly<Record<"http" | "server" | "serf", number>> {
    if (!this.#ports) throw new Error("it is not started yet; use it inside of tests and hooks");
    const ports = regionPortsAt(this.#ports.offset, index);
    return { http: ports["Nomad HTTP"], server: ports["Nomad RPC"], serf: ports["Nomad Serf"] };
  }

  /** Which of the servers leads; undefined where none does. */
  async leader(): Promise<number | undefined> {
    const client = new ConsulClient(consulConnection({}, this.address));
    const address = await client.leader().catch(() => undefined);
    await client.close();
    const all = Array.from({ length: this.servers }, (_, index) => `${loopback}:${this.portsOf(index).server}`);
    const found = all.indexOf(address ?? "");
    return found < 0 ? undefined : found;
  }

  /** Has the servers choose another leader. */
  async leadElsewhere(): Promise<void> {
    await fetch(`${this.address}/v1/operator/raft/transfer-leader`, { method: "POST" }).catch(() => undefined);
  }

  /** Makes a token with these rules. */
  async tokenWith(name: string, rules: string): Promise<string> {
    const ask = async (path: string, body: object) => {
      const headers = { "x-consul-token": this.token };
      const answer = await fetch(`${this.address}${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as { readonly SecretID: string };
    };
    await ask("/v1/acl/policy", { Name: name, Rules: rules });
    return (await ask("/v1/acl/token", { Policies: [{ Name: name }] })).SecretID;
  }

  /** Where it answers. */
  get address(): string {
    return `http://${loopback}:${this.portsOf(0).http}`;
  }

  /** Ends an agent without a word, as a crash would. */
  async kill(index = 0): Promise<void> {
    const child = this.#children[index];
    if (!child || !isRunning(child)) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Ends it, and forgets its data. */
  async remove(): Promise<void> {
    for (const index of this.#children.keys()) await this.kill(index);
    await this.#ports?.release();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function isRunning(child: ChildProcess | undefined): boolean {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}
