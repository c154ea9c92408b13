import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder, getBinary, mountsIn, SILENT } from "../../lib/local";
import { NomadClient, nomadConnection } from "../../lib/nomad";

/** A Nomad that keeps its state where it restarts, and that asks for tokens: what the embedded one does not. */
export class OwnNomad {
  readonly folder = mkdtempSync(join(tmpdir(), "cdk-nomad-own-"));
  readonly address: string;
  token = "";
  #child: ChildProcess | undefined;

  constructor(private readonly offset: number) {
    this.address = `http://127.0.0.1:${4646 + offset}`;
  }

  async start(): Promise<void> {
    const { path } = await getBinary("nomad", { cache: cacheFolder(), env: process.env, progress: SILENT });
    const file = join(this.folder, "agent.json");
    const loopback = "127.0.0.1";
    const config = {
      name: "own",
      data_dir: join(this.folder, "data"),
      bind_addr: loopback,
      ports: { http: 4646 + this.offset, rpc: 4647 + this.offset, serf: 4648 + this.offset },
      advertise: { http: loopback, rpc: loopback, serf: loopback },
      acl: { enabled: true },
      server: { enabled: true, bootstrap_expect: 1, raft_multiplier: 1 },
      client: {
        enabled: true,
        network_interface: "lo",
        servers: [`${loopback}:${4647 + this.offset}`],
        options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
      },
      plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
      consul: { auto_advertise: false, client_auto_join: false, server_auto_join: false },
    };
    writeFileSync(file, JSON.stringify(config));
    const log = openSync(join(this.folder, "log"), "a");
    this.#child = spawn(path, ["agent", `-config=${file}`], { stdio: ["ignore", log, log] });
    const nomad = this.client();
    try {
      for (const end = Date.now() + 60_000; ; await sleep(200)) {
        if (Date.now() > end) throw new Error(`nomad did not get ready; see ${this.folder}/log`);
        if (!(await nomad.leader().catch(() => undefined))) continue;
        this.token ||= (await nomad.http.post<{ SecretID: string }>("/v1/acl/bootstrap")).SecretID;
        const authorized = this.client();
        const ready = await authorized.readyNodes().catch(() => []);
        await authorized.close();
        if (ready.length > 0) return;
      }
    } finally {
      await nomad.close();
    }
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
      for (let waited = 0; waited < 10_000 && (await nomad.allAllocations()).some(isAlive); waited += 200)
        await sleep(200);
    } finally {
      await nomad.close();
      await this.kill();
    }
    if (mountsIn(this.folder).length === 0) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function isAlive({ ClientStatus }: { readonly ClientStatus: string }): boolean {
  return ["pending", "running"].includes(ClientStatus);
}
