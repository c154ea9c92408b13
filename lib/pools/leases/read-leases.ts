import type { Store } from "../store";
import { monotonicClock, pause, type Clock } from "./clock";
import { within } from "./decide";
import { PoolKeys } from "./keys";
import type { Lease } from "./lease";
import { leaseOf, readSlot, type SlotRecord } from "./records";

/** How long the store may take to answer, in milliseconds. */
const PATIENCE = 4000;
/** A lease with a longer ttl than this, in milliseconds, is not watched until it ends: it counts as one that stands. */
const LONGEST_TTL = 5000;
/** A lease that is watched is watched for its ttl and half of it: on a busy machine a manager is heard of late. */
const MARGIN = 1.5;

/** How leases are read. */
export interface ReadOptions {
  /** Default: the clock of this process. */
  readonly clock?: Clock;
  /** How long the store may take for each answer, in milliseconds. Default: 4,000. */
  readonly patience?: number;
  /** Gives it up: then its reason is thrown. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** What the store has of a lease, and what changes for as long as its manager renews it. */
interface Found {
  readonly record: SlotRecord;
  /** The versions of the lease's object and of its manager's. */
  readonly versions: string;
}

/**
 * Every lease of a pool, read from the store by somebody who takes no part in the pool. Those of a manager that died are among them for as long as
 * no other has noticed; see {@link standingLeases}.
 *
 * @throws what the store says, where it does not answer in time or refuses; the signal's reason
 */
export async function listLeases(store: Store, pool: string, options: ReadOptions = {}): Promise<readonly Lease[]> {
  return (await find(store, pool, options)).map(({ record }) => leaseOf(pool, record));
}

/**
 * The leases of a pool that stand. Where there are any, they are watched for their ttl: one that stands unchanged for that long, with its manager, has
 * ended, also where no other manager lives that would say so. A lease with a ttl of more than five seconds counts without being watched.
 *
 * @throws what the store says, where it does not answer in time, or refuses a token that may not read the pool; the signal's reason
 */
export async function standingLeases(store: Store, pool: string, options: ReadOptions = {}): Promise<readonly Lease[]> {
  const { clock = monotonicClock, patience = PATIENCE, signal } = options;
  // A list leaves out what a token may not read; a question for one object is refused.
  const { prefix } = new PoolKeys(pool);
  await within(clock, patience, store.name, (over) => store.read(`${prefix}pool`, over), signal);
  const before = new Map((await find(store, pool, options)).map((found) => [found.record.claim, found]));
  const watched = [...before.values()].map(({ record }) => record.ttl).filter((ttl) => ttl <= LONGEST_TTL);
  if (watched.length > 0) await pause(clock, MARGIN * Math.max(...watched), signal);
  signal?.throwIfAborted();
  const now = watched.length > 0 ? await find(store, pool, options) : [...before.values()];
  return now
    .filter(({ record, versions }) => record.ttl > LONGEST_TTL || before.get(record.claim)?.versions !== versions)
    .map(({ record }) => leaseOf(pool, record));
}

/**
 * How many wait in the queue of a pool, read from the store by somebody who takes no part in the pool.
 *
 * @throws what the store says, where it does not answer in time or refuses; the signal's reason
 */
export async function countWaiting(store: Store, pool: string, options: ReadOptions = {}): Promise<number> {
  return count(store, pool, "queue", options);
}

/**
 * How many managers a store has of a pool, read by somebody who takes no part in the pool: where it has one, the pool's leases are in this store and in no
 * other one. A manager that died is among them until another one has noticed.
 *
 * @throws what the store says, where it does not answer in time or refuses; the signal's reason
 */
export async function countManagers(store: Store, pool: string, options: ReadOptions = {}): Promise<number> {
  return count(store, pool, "managers", options);
}

async function count(
  store: Store,
  pool: string,
  kind: string,
  { clock = monotonicClock, patience = PATIENCE, signal }: ReadOptions,
): Promise<number> {
  const keys = new PoolKeys(pool);
  const list = async (over: AbortSignal) => store.list(keys.prefix, { signal: over });
  const { objects } = await within(clock, patience, store.name, list, signal);
  return [...objects.values()].filter(({ key }) => keys.kindOf(key) === kind).length;
}

async function find(
  store: Store,
  pool: string,
  { clock = monotonicClock, patience = PATIENCE, signal }: ReadOptions,
): Promise<readonly Found[]> {
  const keys = new PoolKeys(pool);
  const list = async (over: AbortSignal) => store.list(keys.prefix, { signal: over });
  const { objects } = await within(clock, patience, store.name, list, signal);
  return [...objects.values()].flatMap(({ key, value, version }) => {
    const record = keys.kindOf(key) === "slots" ? readSlot(value) : undefined;
    if (record?.state !== "held") return [];
    const manager = record.manager === "" ? undefined : objects.get(keys.manager(record.manager));
    return [{ record, versions: `${version} ${manager?.version ?? ""}` }];
  });
}
