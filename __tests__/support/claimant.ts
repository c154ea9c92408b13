import { appendFileSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { consulConnection, nomadConnection } from "../../lib/nomad";
import { ConsulStore, LeaseBook, LeaseEndedError, NomadStore, PoolBusyError, type Store } from "../../lib/pools";
import { type HistoryEvent } from "../../lib/pools/testing";

/** What a process that claims is told. */
export interface ClaimantOptions {
  readonly store: "consul" | "nomad";
  readonly pool: string;
  readonly name: string;
  readonly slots: number;
  readonly callers: number;
  /** How many claims it makes; then it waits to be killed. */
  readonly claims: number;
  /** The longest that a lease is held, in milliseconds. */
  readonly hold: number;
  readonly timeout: number;
  /** Where it records what it does. */
  readonly file: string;
  /** How many of its releases end the slot, from 0 to 1. */
  readonly end: number;
  /** How many of its claims are recorded without figures, at the beginning. */
  readonly warmUp: number;
  /** Whether it ends by itself after its claims, and gives its leases back. */
  readonly ends: boolean;
}

/** A line of the file: an event of the history, or the figures of a claim. */
export type ClaimantLine =
  | HistoryEvent
  | { readonly kind: "figures"; readonly waited: number; readonly conflicts: number; readonly late: number }
  | { readonly kind: "ready" | "done" | "busy" }
  | { readonly kind: "trouble"; readonly message: string };

/** The machine's own monotonic clock, which all its processes share. */
export function machineClock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Claims, uses and releases slots of a pool, as a process of its own, and records it so that nothing is lost when it is killed. */
async function main(options: ClaimantOptions): Promise<void> {
  const file = openSync(options.file, "a");
  const say = (line: ClaimantLine) => void writeSync(file, `${JSON.stringify(line)}\n`);
  const slots = Array.from({ length: options.slots }, (_, number) => `slot-${number}`);
  const conflicts = new Map<string, number>();
  const store: Store =
    options.store === "consul"
      ? new ConsulStore(consulConnection(process.env))
      : new NomadStore(nomadConnection(process.env));
  const book = new LeaseBook({
    store,
    pool: options.pool,
    manager: options.name,
    candidates: () => slots,
    end: () => Promise.resolve("free"),
    onEvent: (event) => {
      if (event.kind === "claimed") conflicts.set(event.lease.claim, event.conflicts);
    },
    onTrouble: (message) => say({ kind: "trouble", message }),
  });
  await book.start();
  say({ kind: "ready" });
  let left = options.claims + options.warmUp;
  let made = 0;
  const event = (
    kind: "claimed" | "used" | "released" | "lost",
    slot: string,
    generation: number,
    at = machineClock(),
  ) => say({ kind, process: options.name, slot, generation, at });
  await Promise.all(
    Array.from({ length: options.callers }, async (_, caller) => {
      while (left-- > 0) {
        const asked = machineClock();
        try {
          const lease = await book.claim({ owner: `${options.name} ${caller}`, timeout: options.timeout });
          const claimed = machineClock();
          const { slot, generation } = lease;
          event("claimed", slot, generation, claimed);
          const waited = claimed - asked;
          if ((made += 1) > options.warmUp)
            say({
              kind: "figures",
              waited,
              conflicts: conflicts.get(lease.claim) ?? 0,
              late: waited - options.timeout,
            });
          conflicts.delete(lease.claim);
          if (options.hold > 0) await sleep(Math.random() * options.hold);
          const used = machineClock();
          await book.check(lease);
          event("used", slot, generation, used);
          event("released", slot, generation, used);
          await book.release(lease, { end: Math.random() < options.end });
        } catch (error) {
          if (error instanceof PoolBusyError) say({ kind: "busy" });
          else if (error instanceof LeaseEndedError) event("lost", error.lease.slot, error.lease.generation);
          else say({ kind: "trouble", message: String(error) });
        }
      }
    }),
  );
  say({ kind: "done" });
  if (!options.ends) return;
  await book.stop();
  await store.close();
}

const given = process.argv[2];
if (given !== undefined && require.main === module)
  main(JSON.parse(given) as ClaimantOptions).catch((error: unknown) => {
    appendFileSync(
      (JSON.parse(given) as ClaimantOptions).file,
      `${JSON.stringify({ kind: "trouble", message: String(error) })}\n`,
    );
    process.exitCode = 1;
  });
