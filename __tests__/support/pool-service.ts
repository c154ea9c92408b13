import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createToken, ServiceClient, tokenText, type Scope } from "../../lib/service";
import { until } from "./until";

const BIN = join(__dirname, "../../bin/cdk-nomad.js");

/** Tokens in a file of their own. */
export class TokenFile {
  readonly #folder = mkdtempSync(join(tmpdir(), "cdk-nomad-service-"));
  readonly path = join(this.#folder, "tokens.jsonl");
  #text = "";

  add(owner: string, ...scopes: readonly Scope[]): string {
    const { token, line } = createToken({ owner, scopes });
    this.#text += `${tokenText(line)}\n`;
    writeFileSync(this.path, this.#text, { mode: 0o600 });
    return token;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The service as a process of its own, as Nomad runs it. */
export class ServiceProcess {
  /** Everything that it printed. */
  said = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  private constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const own = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: "1", ...env };
    this.#child = spawn(process.execPath, [BIN, "serve", "--port", "0", ...args], {
      env: own,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.said += chunk.toString()));
    this.#ended = new Promise((resolve) => this.#child.once("exit", (code) => resolve(code)));
  }

  /** Starts one, and waits for nothing. */
  static begin(args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
    return new ServiceProcess(args, env);
  }

  /** Starts one, and waits until it is ready. */
  static async start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
    const started = ServiceProcess.begin(args, env);
    await until("the service is ready", async () => {
      if (started.#child.exitCode !== null) throw new Error(started.said);
      return (
        started.address !== "" &&
        (await fetch(`${started.address}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ))
      );
    });
    return started;
  }

  /** Starts one that hands out one pool of processes to everybody, and waits until it is ready. @param more further arguments */
  static async ofPool(
    pool: string,
    tokens: TokenFile,
    env: Readonly<Record<string, string>>,
    ...more: readonly string[]
  ): Promise<ServiceProcess> {
    const usual = ["--pool", pool, "--tokens", tokens.path, "--runtime", "raw_exec"];
    return ServiceProcess.start([...usual, ...more], env);
  }

  get address(): string {
    return /at (http:\/\/[^;\s]+);/.exec(this.said)?.[1] ?? "";
  }

  /** What its process holds in memory now, in bytes. @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
  get memory(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  client(token: string): ServiceClient {
    return new ServiceClient({ address: this.address, token });
  }

  /** Ends it at once, without a word. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Stops it where it is, or has it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Tells it to stop. @returns its exit code */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#ended;
  }
}

/** The container and the generation that `pool claim` names. */
export function leaseIn(text: string): { readonly id: string; readonly generation: string } {
  const [, id = "", generation = ""] =
    /([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})[^]*generation +(\d+)/.exec(text) ?? [];
  return { id, generation };
}

/** Reads, and asks again where the service has no moment to itself: whoever reads is refused then, and told when to ask again. */
export async function read(service: ServiceProcess, token: string, path: string) {
  for (let left = 30; ; left -= 1) {
    const answer = await fetch(`${service.address}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const body = (await answer.json()) as Record<string, unknown>;
    if (answer.status !== 503 || body.code !== "overloaded" || left === 0) return { status: answer.status, body };
    await sleep(Number(answer.headers.get("retry-after")) * 1000);
  }
}
