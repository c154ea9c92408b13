import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { UserError } from "../../jobspec";
import { poolKey } from "../leases";
import { ABSENT, type Store } from "../store";
import type { Choice } from "./current";

const record = v.object({
  choice: v.optional(v.object({ job: v.string(), newest: v.number() })),
  size: v.optional(v.object({ job: v.string(), containers: v.number() })),
  usual: v.optional(v.object({ job: v.string(), containers: v.number() })),
  draining: v.optional(v.boolean()),
  user: v.optional(v.string()),
  left: v.optional(v.object({ mark: v.string(), containers: v.array(v.string()) })),
  worn: v.optional(v.array(v.string())),
});

/** What the managers of a pool have agreed on. */
export interface PoolRecord {
  /** The generation that somebody chose. */
  readonly choice?: Choice;
  /** How many containers somebody asked for, of one generation. */
  readonly size?: { readonly job: string; readonly containers: number };
  /** How many containers a generation had before it was drained. */
  readonly usual?: { readonly job: string; readonly containers: number };
  /** Whether it takes no new leases. */
  readonly draining?: boolean;
  /** The only user of a pool without isolation. */
  readonly user?: string;
  /** The containers that were there when that user had no lease any more: with the last of them the user is forgotten. */
  readonly left?: { readonly mark: string; readonly containers: readonly string[] };
  /** Containers that are replaced once nobody leases them. */
  readonly worn?: readonly string[];
}

/** Its name among the objects of the pool. */
export const POOL_RECORD = "pool";
/** How often a change is tried where others change the record at the same time. */
const TRIES = 20;

/** What all managers of a pool go by: one object in the store. */
export class PoolRecordStore {
  readonly #key: string;

  constructor(
    private readonly store: Store,
    private readonly pool: string,
  ) {
    this.#key = poolKey(pool, POOL_RECORD);
  }

  async read(signal?: AbortSignal): Promise<PoolRecord> {
    return (await this.found(signal)).record;
  }

  /** Reads it with its version. */
  async found(signal?: AbortSignal): Promise<{ readonly record: PoolRecord; readonly version: number }> {
    const found = await this.store.read(this.#key, signal);
    return { record: this.parse(found?.value), version: found?.version ?? ABSENT };
  }

  /** Changes it. @param change gives what it is to be; the same object where nothing is to be changed */
  async change(
    change: (now: PoolRecord) => PoolRecord,
  ): Promise<{ readonly record: PoolRecord; readonly version: number }> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { record: now, version } = await this.found();
      const wanted = change(now);
      if (wanted === now) return { record: now, version };
      const value = JSON.stringify({ ...wanted, nonce: randomBytes(8).toString("hex") });
      const written = await this.store.write(this.#key, value, version);
      if (written !== undefined) return { record: wanted, version: written };
    }
    throw new Error(`the record of the pool ${this.pool} is changed by others all the time`);
  }

  /** Removes everything that managers keep of the pool, its leases among it: for a pool that is no more. */
  async forget(signal?: AbortSignal): Promise<void> {
    const { objects } = await this.store.list(poolKey(this.pool, ""), { wait: 0, signal });
    for (const { key, version } of objects.values()) await this.store.remove(key, version, signal);
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

  private parse(value: string | undefined): PoolRecord {
    const parsed = value === undefined ? {} : this.parsed(value);
    if (parsed) return parsed;
    const message = `is no record of a pool; remove it, and the pool's managers write another`;
    throw UserError.at(`${this.store.name}: ${this.#key}`, message, "pool/record");
  }
}
