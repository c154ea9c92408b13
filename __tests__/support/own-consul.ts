import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentEnvironment, portsAt } from "../../lib/local";
import { binaryHere } from "./binaries";
import { ConsulClient, consulConnection } from "../../lib/nomad";
import { reservePorts, type ReservedPorts } from "./ports";
import { until } from "./until";

/** A Consul of one server that keeps its data where it restarts, which the embedded one does not. */
export class OwnConsul {
  /** The token that may do everything; "" where nobody is asked for one. */
  readonly token: string;
  #folder: string | undefined;
  #ports: ReservedPorts | undefined;
  #child: ChildProcess | undefined;

  /** @param asksForTokens whether it refuses whoever has none. Default: false */
  constructor(asksForTokens = false) {
    this.token = asksForTokens ? randomUUID() : "";
  }

  /** Starts it, with the data that it had, and waits until it takes writes. */
  async start(): Promise<void> {
    this.#ports ??= await reservePorts(1);
    this.#folder ??= mkdtempSync(join(tmpdir(), "cdk-nomad-own-consul-"));
    const { path } = await binaryHere("consul");
    const ports = portsAt(this.#ports.offset);
    const config = {
      node_name: "own",
      server: true,
      bootstrap_expect: 1,
      data_dir: join(this.#folder, "data"),
      bind_addr: "127.0.0.1",
      client_addr: "127.0.0.1",
      ports: {
        http: ports["Consul HTTP"],
        grpc: -1,
        grpc_tls: -1,
        dns: -1,
        server: ports["Consul server"],
        serf_lan: ports["Consul Serf"],
        serf_wan: -1,
      },
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
    const file = join(this.#folder, "consul.json");
    writeFileSync(file, JSON.stringify(config));
    const log = openSync(join(this.#folder, "log"), "a");
    this.#child = spawn(path, ["agent", `-config-file=${file}`], {
      stdio: ["ignore", log, log],
      env: agentEnvironment(process.env),
    });
    const client = new ConsulClient(consulConnection({}, this.address));
    try {
      await until(`a Consul that leads (its log: ${this.#folder}/log)`, async () =>
        Boolean(await client.leader().catch(() => undefined)),
      );
    } finally {
      await client.close();
    }
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
    if (!this.#ports) throw new Error("it is not started yet; use it inside of tests and hooks");
    return `http://127.0.0.1:${portsAt(this.#ports.offset)["Consul HTTP"]}`;
  }

  /** Ends it without a word, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Ends it, and forgets its data. */
  async remove(): Promise<void> {
    await this.kill();
    await this.#ports?.release();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
