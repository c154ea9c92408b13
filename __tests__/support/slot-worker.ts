import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { ConsulStore, NomadStore, SlotPool } from "../../lib/pools";
import { type HistoryEvent } from "../../lib/pools/testing";

/** What a process is told that takes part in a slot pool. */
export interface SlotWorkerOptions {
  readonly name: string;
  readonly job: string;
  /** Where the leases are. Default: Consul */
  readonly store?: "consul" | "nomad";
  /** Where it records what it does. */
  readonly file: string;
  /** How many tasks run at once. */
  readonly callers: number;
  /** How many claims it makes; then it gives all of them back and ends. */
  readonly claims: number;
  /** What each task runs. */
  readonly command: string;
  /** How long a claim may take, in milliseconds. */
  readonly timeout: number;
  /** Whether it is told to hold what it has after its first command, until it is killed. */
  readonly holds?: boolean;
}

/** A line of what a process records. */
export type SlotWorkerLine =
  | HistoryEvent
  | { readonly kind: "ready" | "done" }
  /** A claim that was answered, or refused: after so many milliseconds. */
  | { readonly kind: "waited"; readonly milliseconds: number; readonly got: boolean }
  | { readonly kind: "ran"; readonly stdout: string }
  /** Something that happens when sandboxes and managers are killed: a lease that is over, a command that is lost. */
  | { readonly kind: "ended"; readonly name: string; readonly message: string }
  | { readonly kind: "trouble"; readonly message: string };

/** How often a process that begins asks an agent that is away. */
const START_TRIES = 120;

/** The machine's own monotonic clock, which all its processes share. */
export function machineNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * A manager of a slot pool as a process of its own, with its tasks, to be killed and stopped by tests: it claims, runs a command, and releases, and
 * records that so that nothing is lost when it is killed. Its first argument is what it is told; the token stands in its environment, where the sandboxes have one that it cannot read
 * there, and with it the cluster.
 */
async function main(options: SlotWorkerOptions): Promise<void> {
  const file = openSync(options.file, "a");
  const say = (line: SlotWorkerLine) => void writeSync(file, `${JSON.stringify(line)}\n`);
  const poolOf = () =>
    new SlotPool({
      nomad: new NomadClient(nomadConnection(process.env)),
      store:
        options.store === "nomad"
          ? new NomadStore(nomadConnection(process.env))
          : new ConsulStore(consulConnection(process.env)),
      job: options.job,
      token: process.env.SANDBOX_TOKEN,
      leases: { manager: options.name },
      // What is asked of it is to use the pool, not to make it smaller.
      idle: 1_000_000,
      checkInterval: 500,
      silence: 20_000,
      onTrouble: (message) => say({ kind: "trouble", message }),
    });
  const pool = await started(poolOf, (message) => say({ kind: "trouble", message }));
  say({ kind: "ready" });
  let left = options.claims;
  const task = async (number: number) => {
    while ((left -= 1) >= 0) {
      const began = machineNow();
      try {
        const handle = await pool.acquire(`${options.name}-${number}`, { timeout: options.timeout });
        const { slot, generation } = handle.lease;
        const record = (kind: HistoryEvent["kind"], at: number) =>
          say({ process: options.name, kind, slot, generation, at });
        record("claimed", machineNow());
        say({ kind: "waited", milliseconds: machineNow() - began, got: true });
        try {
          const before = machineNow();
          const { stdout } = await pool.execute(handle, options.command, { timeout: 60_000 });
          record("used", before);
          say({ kind: "ran", stdout });
          if (options.holds) await new Promise(() => undefined);
        } finally {
          record("released", machineNow());
          await pool.release(handle);
        }
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        if (name === "PoolBusyError") say({ kind: "waited", milliseconds: machineNow() - began, got: false });
        say({ kind: "ended", name, message });
      }
    }
  };
  await Promise.all(Array.from({ length: options.callers }, (_, number) => task(number)));
  if (options.holds) return;
  await pool.stop();
  say({ kind: "done" });
  process.exit(0);
}

/** Starts a pool as whoever supervises a process would: where the agent was killed a moment ago, again and again. */
async function started(poolOf: () => SlotPool, tell: (message: string) => void): Promise<SlotPool> {
  for (let tries = 1; ; tries += 1) {
    const pool = poolOf();
    try {
      await pool.start();
      return pool;
    } catch (error) {
      await pool.stop();
      if (tries === START_TRIES) throw error;
      tell(String(error));
      await sleep(500);
    }
  }
}

if (require.main === module) void main(JSON.parse(process.argv[2] ?? "{}") as SlotWorkerOptions);
