import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import {
  agentEnvironment,
  cacheFolder,
  dynamicPortsAt,
  getBinary,
  mountsIn,
  portsAt,
  regionPortsAt,
  SILENT,
} from "../../lib/local";
import { apiPath, NomadClient, nomadConnection } from "../../lib/nomad";
import { reservePorts, type ReservedPorts } from "./ports";
import { until } from "./until";

/** A Nomad that keeps its state where it restarts, and that asks for tokens: what the embedded one does not. */
export class OwnNomad {
  token = "";
  #folder: string | undefined;
  #ports: ReservedPorts | undefined;
  #child: ChildProcess | undefined;

  async start(): Promise<void> {
    this.#ports ??= await reservePorts();
    this.#folder ??= mkdtempSync(join(tmpdir(), "cdk-nomad-own-"));
    const { path } = await getBinary("nomad", { cache: cacheFolder(), env: process.env, progress: SILENT });
    const file = join(this.#folder, "agent.json");
    const loopback = "127.0.0.1";
    const { "Nomad HTTP": http, "Nomad RPC": rpc, "Nomad Serf": serf } = regionPortsAt(this.#ports.offset, 0);
    const config = {
      name: "own",
      data_dir: join(this.#folder, "data"),
      bind_addr: loopback,
      ports: { http, rpc, serf },
      advertise: { http: loopback, rpc: loopback, serf: loopback },
      acl: { enabled: true },
      server: { enabled: true, bootstrap_expect: 1, raft_multiplier: 1 },
      client: {
        enabled: true,
        network_interface: "lo",
        servers: [`${loopback}:${rpc}`],
        options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
        ...dynamicPortsAt(this.#ports.offset, 0),
      },
      plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
      // Nothing is there: a Consul on the usual ports is somebody else's.
      consul: {
        address: `${loopback}:${portsAt(this.#ports.offset)["Consul HTTP"]}`,
        auto_advertise: false,
        client_auto_join: false,
        server_auto_join: false,
      },
    };
    writeFileSync(file, JSON.stringify(config));
    const log = openSync(join(this.#folder, "log"), "a");
    this.#child = spawn(path, ["agent", `-config=${file}`], {
      stdio: ["ignore", log, log],
      env: agentEnvironment(process.env),
    });
    const nomad = this.client();
    try {
      await until(`a ready Nomad (its log: ${this.#folder}/log)`, async () => {
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

  /** Where it answers. */
  get address(): string {
    if (!this.#ports) throw new Error("it is not started yet; use it inside of tests and hooks");
    return `http://127.0.0.1:${regionPortsAt(this.#ports.offset, 0)["Nomad HTTP"]}`;
  }

  client(token = this.token): NomadClient {
    return new NomadClient(nomadConnection({ ...(token ? { NOMAD_TOKEN: token } : {}) }, this.address));
  }

  /** Ends the agent without a word, as a crash would; its tasks go on. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Stops the jobs, the agent, and forgets the folder. */
  async remove(): Promise<void> {
    const nomad = this.client();
    try {
      for (const { ID } of await nomad.jobs()) await nomad.deregister(ID, { purge: true });
      await until("the end of all allocations", async () => !(await nomad.allAllocations()).some(isAlive));
    } finally {
      await nomad.close();
      await this.kill();
      await this.#ports?.release();
    }
    const folder = this.#folder ?? "";
    if (mountsIn(folder).length === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function isAlive({ ClientStatus }: { readonly ClientStatus: string }): boolean {
  return ["pending", "running"].includes(ClientStatus);
}
