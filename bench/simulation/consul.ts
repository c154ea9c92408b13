import { NoAnswerError } from "../../lib/errors";
import type { KeyChange, KeyEntry } from "../../lib/nomad";
import type { Clock, ConsulClient } from "../../lib/pools";
import { waitFor, type Link } from "./link";
import { CLIENT, CONSUL, CONSUL_SPREAD, LEASES } from "./measured";
import type { Processors } from "./processors";
import type { Random } from "./random";

/** As much of a client of Consul as leases are kept by. */
export type KeyClient = Pick<ConsulClient, "watchEntries" | "entry" | "change" | "close">;

/** The objects of one pool. */
interface Pool {
  readonly entries: Map<string, KeyEntry>;
  /** The index of its last change. */
  index: number;
  readonly watchers: Set<() => void>;
}

/**
 * As much of Consul's KV store as leases ask for: transactions of check-and-set, consistent reads, and blocking queries for everything below the prefix
 * of a pool. It answers as fast as its processors can.
 */
export class ModelledConsul {
  /** What was asked of it. */
  readonly asked = { transactions: 0, changes: 0, reads: 0, lists: 0, listed: 0, blocked: 0 };
  /** How many times slower it is than usual. */
  slowness = 1;
  /** It has no leader: it answers nothing. */
  isAway = false;
  readonly #pools = new Map<string, Pool>();
  #index = 10;

  constructor(
    private readonly clock: Clock,
    private readonly processors: Processors,
    private readonly random: Random,
  ) {}

  /** What one process has of it. @param each what a change takes of the process beside its request, in milliseconds */
  client(link: Link, each: number = LEASES): KeyClient {
    return {
      entry: (key, signal) =>
        link.ask(
          { before: CLIENT.ask, after: () => CLIENT.answer },
          async () => {
            this.asked.reads += 1;
            await this.work(CONSUL.read);
            return this.poolOf(key).entries.get(key);
          },
          signal,
        ),
      watchEntries: (prefix, { index, seconds = 60, signal }) =>
        link.ask(
          { before: CLIENT.ask, after: ({ value }) => CLIENT.answer + value.length * CLIENT.listed },
          () => this.list(prefix, index, seconds * 1000, signal),
          signal,
        ),
      change: (changes, signal) =>
        link.ask(
          {
            before: CLIENT.ask + changes.length * CLIENT.change,
            after: () => CLIENT.answer + changes.length * each,
          },
          async () => {
            this.asked.transactions += 1;
            this.asked.changes += changes.length;
            await this.work(CONSUL.transaction + changes.length * CONSUL.change);
            return this.change(changes);
          },
          signal,
        ),
      close: () => Promise.resolve(),
    };
  }

  /** Everything of a pool, for whoever judges what was left. */
  entriesOf(pool: string): readonly KeyEntry[] {
    return [...(this.#pools.get(`pools/${pool}/`)?.entries.values() ?? [])];
  }

  private async list(prefix: string, after: number | undefined, wait: number, signal: AbortSignal | undefined) {
    const pool = this.poolOf(prefix);
    if (after !== undefined && after > 0 && pool.index <= after) {
      this.asked.blocked += 1;
      await waitFor(this.clock, wait, signal, (done) => {
        pool.watchers.add(done);
        return () => pool.watchers.delete(done);
      });
      this.asked.blocked -= 1;
    }
    const size = pool.entries.size;
    this.asked.lists += 1;
    this.asked.listed += size;
    await this.work(CONSUL.list + size * CONSUL.listed);
    return { value: [...pool.entries.values()], index: Math.max(1, pool.index) };
  }

  private change(changes: readonly KeyChange[]): Awaited<ReturnType<KeyClient["change"]>> {
    const errors = changes.flatMap(({ key, value, index }, OpIndex) => {
      const held = this.poolOf(key).entries.get(key);
      const isGone = value === undefined && held === undefined;
      return isGone || (held?.ModifyIndex ?? 0) === index ? [] : [{ OpIndex, What: `key ${key}: index is stale` }];
    });
    if (errors.length > 0) return { errors };
    const next = this.#index + 1;
    let made = 0;
    const changed = new Set<Pool>();
    for (const { key, value } of changes) {
      const pool = this.poolOf(key);
      const held = pool.entries.get(key);
      if (value === undefined) {
        if (pool.entries.delete(key)) changed.add(pool);
        continue;
      }
      const Value = Buffer.from(value).toString("base64");
      // As Consul does: what is there already is not written, and whoever asks is told that it was.
      const entry =
        held?.Value === Value ? held : { Key: key, Value, CreateIndex: held?.CreateIndex ?? next, ModifyIndex: next };
      if (entry !== held) changed.add(pool);
      pool.entries.set(key, entry);
      made = Math.max(made, entry.ModifyIndex);
    }
    if (changed.size > 0) this.#index = next;
    for (const pool of changed) {
      pool.index = next;
      for (const wake of [...pool.watchers]) wake();
    }
    return { index: made };
  }

  private poolOf(key: string): Pool {
    const prefix = key.slice(0, key.indexOf("/", "pools/".length) + 1);
    const known = this.#pools.get(prefix);
    if (known) return known;
    const pool: Pool = { entries: new Map(), index: this.#index, watchers: new Set() };
    this.#pools.set(prefix, pool);
    return pool;
  }

  private async work(milliseconds: number): Promise<void> {
    await this.processors.work(milliseconds * this.slowness * this.random.logNormal(CONSUL_SPREAD));
    if (this.isAway) throw new NoAnswerError("Consul", "absent", "Consul has no leader");
  }
}
