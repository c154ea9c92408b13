import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HistoryEvent } from "../../lib/pools/testing";
import type { ClusterEnvironment } from "./cluster";
import type { Bundles } from "./sandboxes";
import { machineNow, type SlotWorkerLine, type SlotWorkerOptions } from "./slot-worker";

interface Running {
  readonly child: ChildProcess;
  readonly stderr: string[];
}

/** Processes that share a slot pool, and what all of them recorded. */
export class SlotWorkers {
  readonly #program: string;
  readonly #running = new Map<string, Running>();
  readonly #names: string[] = [];
  readonly #killed: HistoryEvent[] = [];

  constructor(
    private readonly bundles: Bundles,
    private readonly options: Omit<SlotWorkerOptions, "name" | "file"> & {
      readonly token?: string;
      /** Which cluster the pool is on, and with which tokens it is asked; other addresses, where a proxy is between. */
      readonly environment: ClusterEnvironment;
    },
  ) {
    this.#program = bundles.file("__tests__/support/slot-worker.ts");
  }

  /** Starts one. @returns its name */
  start(change: Partial<SlotWorkerOptions> = {}): string {
    const name = `worker${this.#names.length + 1}`;
    this.#names.push(name);
    const { token, environment, ...options } = this.options;
    const told: SlotWorkerOptions = { ...options, ...change, name, file: this.fileOf(name) };
    const child = spawn(process.execPath, [this.#program, JSON.stringify(told)], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env.PATH, SANDBOX_TOKEN: token, ...environment },
    });
    const stderr: string[] = [];
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk.toString()));
    this.#running.set(name, { child, stderr });
    return name;
  }

  /** Ends one as kill -9 does. */
  async kill(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    this.#running.delete(name);
    const at = machineNow();
    if (running.child.exitCode === null && running.child.kill("SIGKILL")) await once(running.child, "exit");
    this.#killed.push({ process: name, kind: "killed", at });
  }

  /** Stops one, or lets it go on. */
  signal(name: string, signal: "SIGSTOP" | "SIGCONT"): void {
    this.#running.get(name)?.child.kill(signal);
  }

  /** Those that run. */
  get running(): readonly string[] {
    return [...this.#running].filter(([, { child }]) => child.exitCode === null).map(([name]) => name);
  }

  /** What those said that ended by an error of their own. */
  get failures(): readonly string[] {
    return [...this.#running.values()]
      .filter(({ child }) => child.exitCode !== null && child.exitCode !== 0)
      .map(({ stderr }) => stderr.join(""));
  }

  /** What one recorded until now, or all. */
  lines(name?: string): readonly SlotWorkerLine[] {
    const names = name === undefined ? this.#names : [name];
    return names.flatMap((one) => {
      if (!existsSync(this.fileOf(one))) return [];
      const lines = readFileSync(this.fileOf(one), "utf8").split("\n");
      // The last one is empty, or was being written when the process was killed.
      return lines.slice(0, -1).map((line) => JSON.parse(line) as SlotWorkerLine);
    });
  }

  /** The history of their leases. */
  history(): readonly HistoryEvent[] {
    return [...this.lines().flatMap((line) => ("process" in line ? [line] : [])), ...this.#killed];
  }

  /** Ends those that are left. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)));
  }

  private fileOf(name: string): string {
    return join(this.bundles.folder, `${name}.jsonl`);
  }
}
