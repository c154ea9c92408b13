import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { UserError } from "../../errors";
import { readDecided, within, writeDecided, monotonicClock, poolKey, type Clock, type ReadOptions } from "../leases";
import { ABSENT, type Store, type StoredObject } from "../store";
import type { Choice } from "./current";

const written = v.object({
  choice: v.optional(v.object({ job: v.string(), newest: v.number() })),
  size: v.optional(v.object({ job: v.string(), containers: v.number() })),
  sizes: v.optional(v.array(v.object({ job: v.string(), containers: v.number() }))),
  // Before, of a drained generation alone.
  usual: v.optional(v.object({ job: v.string(), containers: v.number() })),
  draining: v.optional(v.boolean()),
  user: v.optional(v.string()),
  left: v.optional(v.object({ mark: v.string(), containers: v.array(v.string()) })),
  worn: v.optional(v.array(v.string())),
});
const record = v.pipe(
  written,
  v.transform(({ usual, ...rest }) => (usual && !rest.sizes ? { ...rest, sizes: [usual] } : rest)),
);

/** What the managers of a pool have agreed on. */
export interface PoolRecord {
  /** The generation that somebody chose. Default: nobody did, and the newest counts. */
  readonly choice?: Choice;
  /** How many containers somebody asked for, of one generation. Default: nobody did, and the job says it. */
  readonly size?: {
    /** The id of the generation's job. */
    readonly job: string;
    /** How many containers. */
    readonly containers: number;
  };
  /** How many containers generations had before they were drained, or became old ones: what they have again once they give out containers. Default: none had others. */
  readonly sizes?: readonly { readonly job: string; readonly containers: number }[];
  /** Whether it takes no new leases. Default: it takes them. */
  readonly draining?: boolean;
  /** The only user of a pool without isolation. Default: none yet, or the pool keeps users apart. */
  readonly user?: string;
  /** The containers that were there when that user had no lease any more: with the last of them the user is forgotten. Default: the user has a lease. */
  readonly left?: {
    /** Tells this note from a later one. */
    readonly mark: string;
    /** The ids of the containers. */
    readonly containers: readonly string[];
  };
  /** Containers that are replaced once nobody leases them. Default: none. */
  readonly worn?: readonly string[];
}

/** Its name among the objects of the pool. */
export const POOL_RECORD = "pool";
/** How often a change is tried where others change the record at the same time. */
const TRIES = 20;
/** How long the store may take for a change with all of its tries, and for one answer, in milliseconds. */
const CHANGED = 10_000;
const ANSWERED = 4000;
/** Objects that are removed by one question. */
const TOGETHER = 64;

/** A record with the version of its object. */
export interface FoundRecord {
  readonly record: PoolRecord;
  readonly version: number;
}

/**
 * What the managers of a pool have agreed on, read by somebody who takes no part in the pool: whether it is drained, say.
 *
 * @returns an empty one where they have agreed on nothing
 * @throws what the store says, where it does not answer in time or refuses; UserError where what is there is no record
 */
export async function readPoolRecord(store: Store, pool: string, options: ReadOptions = {}): Promise<PoolRecord> {
  const { clock, patience, signal } = options;
  return (await new PoolRecords(store, pool, clock).read(signal, patience)).record;
}

/**
 * Whether the managers of a pool keep anything in a store: where they do, it is the one that knows whose leases go on.
 *
 * @throws what the store says, where it does not answer in time or refuses
 */
export async function keepsPool(store: Store, pool: string, options: ReadOptions = {}): Promise<boolean> {
  const { clock = monotonicClock, patience = ANSWERED, signal } = options;
  const list = async (over: AbortSignal) => store.list(poolKey(pool, ""), { wait: 0, signal: over });
  return (await within(clock, patience, store.name, list, signal)).objects.size > 0;
}

/**
 * Removes everything that the managers of a pool keep in a store, its leases among it: for a pool that is no more.
 *
 * @param options `patience` is that of each answer
 * @throws what the store says, where it does not answer in time or refuses
 */
export async function forgetPool(store: Store, pool: string, options: ReadOptions = {}): Promise<void> {
  const { clock = monotonicClock, patience = ANSWERED, signal } = options;
  const list = async (over: AbortSignal) => store.list(poolKey(pool, ""), { wait: 0, signal: over });
  const { objects } = await within(clock, patience, store.name, list, signal);
  const removals = [...objects.values()].map(({ key, version }) => ({ key, value: undefined, version }));
  for (let from = 0; from < removals.length; from += TOGETHER) {
    const some = removals.slice(from, from + TOGETHER);
    await within(clock, patience, store.name, (over) => store.change(some, over), signal);
  }
}

/** How many containers a generation had, where a record says it. */
export function sizeIn({ sizes }: PoolRecord, job: string): number | undefined {
  return sizes?.find((size) => size.job === job)?.containers;
}

/** A record that says how many containers a generation has, in the place of what it said of that before. */
export function withSize(record: PoolRecord, job: string, containers: number): PoolRecord {
  return { ...record, sizes: [...(record.sizes ?? []).filter((size) => size.job !== job), { job, containers }] };
}

/** What all managers of a pool go by: one object in the store. */
export class PoolRecords {
  readonly #key: string;

  constructor(
    private readonly store: Store,
    private readonly pool: string,
    private readonly clock: Clock = monotonicClock,
  ) {
    this.#key = poolKey(pool, POOL_RECORD);
  }

  /** @throws what the store says, where it does not answer in time or refuses; UserError where what is there is no record */
  async read(signal?: AbortSignal, patience = ANSWERED): Promise<FoundRecord> {
    const read = async (over: AbortSignal) => this.store.read(this.#key, over);
    const found = await within(this.clock, patience, this.store.name, read, signal);
    return this.found(found);
  }

  /**
   * Changes it, where others change it at the same time after them.
   *
   * @param change gives what it is to be; the same object where nothing is to be changed
   * @throws as {@link read}; then it is not known whether it was changed
   */
  async change(change: (now: PoolRecord) => PoolRecord, signal?: AbortSignal): Promise<FoundRecord> {
    const { clock, store } = this;
    const patience = { clock, until: clock.now() + CHANGED, attempt: ANSWERED, signal };
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { record: now, version } = this.found(await readDecided(store, this.#key, patience));
      const wanted = change(now);
      if (wanted === now) return { record: now, version };
      const value = JSON.stringify({ ...wanted, nonce: randomBytes(8).toString("hex") });
      const made = await writeDecided(store, { key: this.#key, value, version }, patience);
      if (made !== undefined) return { record: wanted, version: made };
    }
    throw new Error(`the record of the pool ${this.pool} is changed by others all the time`);
  }

  /** A record as the store has it; undefined where it is none. */
  parsed(value: string): PoolRecord | undefined {
    try {
      const parsed = v.safeParse(record, JSON.parse(value));
      return parsed.success ? parsed.output : undefined;
    } catch {
      return undefined;
    }
  }

  private found(object: StoredObject | undefined): FoundRecord {
    const parsed = object === undefined ? {} : this.parsed(object.value);
    if (parsed) return { record: parsed, version: object?.version ?? ABSENT };
    const message = `is no record of a pool; remove it, and the pool's managers write another`;
    throw UserError.at(`${this.store.name}: ${this.#key}`, message, "pool/record");
  }
}
