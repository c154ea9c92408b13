import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { until } from "./until";

const ROOT = join(__dirname, "../..");

/** The sandbox server in one file, as a package and an image carry it. */
export function bundleSandboxServer(folder: string): string {
  const outfile = join(folder, "sandbox-server.js");
  const entryPoints = [join(ROOT, "lib/pools/sandbox/server/main.ts")];
  buildSync({ entryPoints, outfile, bundle: true, platform: "node", target: "node20", logLevel: "error" });
  return outfile;
}

/** What a request was answered with. */
export interface Answered {
  readonly status: number;
  // Tests look into what they expect.
  readonly body: Record<string, unknown> & {
    readonly success?: boolean;
    readonly output?: string;
    readonly error?: string;
    readonly code?: string;
    readonly metadata?: Record<string, unknown>;
  };
}

/** A sandbox server as a process of its own, in a folder of its own, on a port that is free. */
export class TestSandboxServer {
  readonly folder = mkdtempSync(join(tmpdir(), "cdk-nomad-sandbox-"));
  readonly tokenFile = join(this.folder, "token");
  #child: ChildProcess | undefined;
  #said = "";

  /** @param program its bundled file */
  constructor(private readonly program: string) {}

  /** Starts it. @param more further arguments @param as a program that starts it, with its arguments */
  async start(more: readonly string[] = [], as: readonly string[] = []): Promise<void> {
    const token = more.includes("--no-token") ? [] : ["--token-file", this.tokenFile];
    const own = ["--port", "0", "--data-dir", this.dataDir, ...token, ...more];
    const [command = process.execPath, ...args] = [...as, process.execPath, this.program, ...own];
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, SERVER_SECRET: "of-the-server" },
    });
    this.#child = child;
    this.#said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
    await until("the server listens, or ends", () => child.exitCode !== null || this.event("listening") !== undefined);
  }

  get dataDir(): string {
    return join(this.folder, "data");
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Its exit code; null while it runs. */
  get exitCode(): number | null | undefined {
    return this.#child?.exitCode;
  }

  /** All that it said on its output. */
  get said(): string {
    return this.#said;
  }

  /** The first event of a kind in its log. */
  event(name: string): Record<string, unknown> | undefined {
    return this.#said
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ event }) => event === name);
  }

  get port(): number {
    return Number(this.event("listening")?.port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get headers(): Record<string, string> {
    const token = existsSync(this.tokenFile) ? readFileSync(this.tokenFile, "utf8").trim() : undefined;
    return { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  }

  async post(path: string, body: unknown, more: RequestInit = {}): Promise<Answered> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: this.headers,
      body: JSON.stringify(body),
      ...more,
    });
    return { status: response.status, body: (await response.json()) as Answered["body"] };
  }

  /** Runs a command. */
  async bash(slot: number, command: string, more: Record<string, unknown> = {}): Promise<Answered> {
    const { args, ...rest } = more as { readonly args?: object };
    return this.post("/execute", { slot_id: `slot_${slot}`, tool: "bash", args: { command, ...args }, ...rest });
  }

  /** Ends it. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await gone;
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The command lines of this machine's processes that hold a text. */
export function commandLinesWith(text: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(text));
}
