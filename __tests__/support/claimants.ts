import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import type { HistoryEvent } from "../../lib/pools/testing";
import type { ClusterEnvironment } from "./cluster";
import { machineClock, type ClaimantLine, type ClaimantOptions } from "./claimant";

/** Processes that claim from one pool, and what all of them recorded. */
export class Claimants {
  readonly #folder = mkdtempSync(join(tmpdir(), "cdk-nomad-claimants-"));
  readonly #running = new Map<string, ChildProcess>();
  readonly #killed: HistoryEvent[] = [];
  #count = 0;

  /** @param environment which cluster they claim from, and with which tokens */
  constructor(private readonly environment: ClusterEnvironment) {
    const entryPoints = [join(__dirname, "claimant.ts")];
    // One file, which starts at once: processes are killed and started again while they are measured.
    buildSync({
      entryPoints,
      bundle: true,
      platform: "node",
      external: ["tsx"],
      logLevel: "error",
      outfile: join(this.#folder, "claimant.js"),
    });
  }

  /** Starts one. @returns its name */
  start(options: Omit<ClaimantOptions, "name" | "file">): string {
    const name = `claimant-${(this.#count += 1)}`;
    const args = [
      join(this.#folder, "claimant.js"),
      JSON.stringify({ ...options, name, file: this.fileOf(name) } satisfies ClaimantOptions),
    ];
    this.#running.set(
      name,
      spawn(process.execPath, args, {
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...process.env, ...this.environment },
      }),
    );
    return name;
  }

  /** Ends one as kill -9 does. */
  async kill(name: string): Promise<void> {
    const child = this.#running.get(name);
    if (!child) return;
    this.#running.delete(name);
    const at = machineClock();
    child.kill("SIGKILL");
    await once(child, "exit");
    this.#killed.push({ process: name, kind: "killed", at });
  }

  /** Stops one and lets it go on, as SIGSTOP and SIGCONT do. */
  signal(name: string, signal: "SIGSTOP" | "SIGCONT"): void {
    this.#running.get(name)?.kill(signal);
  }

  /** Waits until all have ended by themselves. */
  async ended(): Promise<void> {
    for (const [name, child] of this.#running) {
      if (child.exitCode === null) await once(child, "exit");
      this.#running.delete(name);
    }
  }

  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** What one recorded until now. */
  linesOf(name: string): readonly ClaimantLine[] {
    if (!existsSync(this.fileOf(name))) return [];
    const lines = readFileSync(this.fileOf(name), "utf8").split("\n");
    // The last one is empty, or was being written when the process was killed.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as ClaimantLine);
  }

  /** What all recorded until now. */
  lines(): readonly ClaimantLine[] {
    return Array.from({ length: this.#count }, (_, index) => this.linesOf(`claimant-${index + 1}`)).flat();
  }

  /** The history of their leases. */
  history(): readonly HistoryEvent[] {
    const events = this.lines().flatMap((line) => ("process" in line ? [line] : []));
    return [...events, ...this.#killed];
  }

  /** Ends those that are left, and forgets what they recorded. */
  async close(): Promise<void> {
    await Promise.all(this.running.map((name) => this.kill(name)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  private fileOf(name: string): string {
    return join(this.#folder, `${name}.jsonl`);
  }
}
