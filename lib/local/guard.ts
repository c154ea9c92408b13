import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import * as v from "valibot";
import { UserError } from "../jobspec";
import { privateFolder, writePrivateFile } from "../private-files";
import { addressOf, filesOf, type NomadAgent } from "./agents";
import { livingAgents } from "./living-agents";
import { leads } from "./readiness";
import { tokensFolder } from "./tokens";

const run = promisify(execFile);

/** How long a Nomad may take to answer without TLS, in milliseconds. */
const PATIENCE = 20_000;

const CA = "consul-agent-ca.pem";
const AGENT = "dc1-server-consul-0";
const OURS = "dc1-client-consul-0";

const configuration = v.looseObject({ tls: v.optional(v.unknown()) });

/**
 * Keeps everybody else out of a Nomad until it has given its first token, which it gives to whoever asks first: until then it speaks TLS alone, and
 * with whoever has a certificate of an authority that was made for this and is forgotten at once.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/tls
 */
export class Guard {
  private constructor(
    private readonly folder: string,
    private readonly agent: NomadAgent,
  ) {}

  /** The guard of a Nomad that has one still: it was just started, or whoever started it was ended before it was lifted. */
  static of(folder: string, agent: NomadAgent): Guard | undefined {
    return existsSync(folderIn(folder)) ? new Guard(folder, agent) : undefined;
  }

  /**
   * Makes a guard for a Nomad that is about to be started.
   *
   * @param consul Consul's program, which makes certificates
   */
  static async make(folder: string, agent: NomadAgent, consul: string): Promise<Guard> {
    const cwd = folderIn(folder);
    Guard.forget(folder);
    privateFolder(cwd);
    await run(consul, ["tls", "ca", "create", "-days=1"], { cwd });
    await run(consul, ["tls", "cert", "create", "-server", "-days=1"], { cwd });
    await run(consul, ["tls", "cert", "create", "-client", "-days=1"], { cwd });
    // Nobody gets another certificate.
    rmSync(join(cwd, "consul-agent-ca-key.pem"));
    return new Guard(folder, agent);
  }

  /** Removes what is left of one. */
  static forget(folder: string): void {
    rmSync(folderIn(folder), { recursive: true, force: true });
  }

  /** What the Nomad is configured with. */
  get tls(): object {
    return {
      http: true,
      rpc: false,
      ca_file: this.file(CA),
      cert_file: this.file(`${AGENT}.pem`),
      key_file: this.file(`${AGENT}-key.pem`),
      verify_https_client: true,
    };
  }

  /** Where the Nomad answers meanwhile. */
  get address(): string {
    return addressOf(this.agent).replace(/^http:/, "https:");
  }

  /** The variables with which a client of Nomad is let in. */
  get variables(): Readonly<Record<string, string>> {
    return {
      NOMAD_CACERT: this.file(CA),
      NOMAD_CLIENT_CERT: this.file(`${OURS}.pem`),
      NOMAD_CLIENT_KEY: this.file(`${OURS}-key.pem`),
    };
  }

  /** Lets everybody ask, who is refused now without a token. @throws UserError where the Nomad does not answer without TLS */
  async lift(signal?: AbortSignal): Promise<void> {
    const { config, log } = filesOf(this.folder, this.agent.name);
    const { tls: _none, ...open } = v.parse(configuration, JSON.parse(readFileSync(config, "utf8")));
    writePrivateFile(config, `${JSON.stringify(open, null, 2)}\n`);
    const pid = livingAgents(this.folder).find(({ name }) => name === this.agent.name)?.pid;
    // Nomad reads its configuration again.
    if (pid !== undefined) process.kill(pid, "SIGHUP");
    for (const end = performance.now() + PATIENCE; !(await leads(this.agent)); await sleep(50, undefined, { signal }))
      if (performance.now() > end)
        throw UserError.at("", `${this.agent.name} does not answer without TLS; its log is ${log}`, "agent");
    Guard.forget(this.folder);
  }

  private file(name: string): string {
    return join(folderIn(this.folder), name);
  }
}

function folderIn(folder: string): string {
  return join(tokensFolder(folder), "guard");
}
