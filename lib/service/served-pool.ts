import { PoolOfOtherUser } from "../errors";
import {
  LeaseEndedError,
  SlotPool,
  WarmPool,
  type ExecuteOptions,
  type ExecutionResult,
  type Lease,
  type LeaseBook,
  type SlotHandle,
  type SlotPoolJob,
  type SlotPoolOptions,
  type WarmPoolOptions,
} from "../pools";
import type { ContainerClaim, ContainerLease, PoolFigures } from "./pools";

/** How long the store may take to answer a claim that does not wait, and a container to be emptied for its owner, in milliseconds. */
const ANSWERED = 1000;

/** A pool as the service has it, of whichever kind: containers that wait, or slots of sandboxes. */
export interface ServedPool {
  /** Its name. */
  readonly pool: string;
  /** Its leases. @throws Error where the pool has not started yet */
  readonly book: LeaseBook;
  /** Starts it, and waits until the containers that wait in it already are known; where it fails, it may be called again. */
  start(): Promise<void>;
  /** Lets go of it; leases of clients stand. */
  stop(): Promise<unknown>;
  /** @throws PoolBusyError where nothing is free in time */
  claim(claim: ContainerClaim): Promise<ContainerLease>;
  /** @throws LeaseEndedError, ExecutionLostError */
  execute(lease: Lease, command: string, options: ExecuteOptions): Promise<ExecutionResult>;
  /** @throws LeaseEndedError where it had ended before */
  release(lease: Lease): Promise<void>;
  /** A lease with what keeps its commands apart: what is not known is not said to keep anything apart. */
  shown(lease: Lease): ContainerLease;
  figures(): PoolFigures;
  /** The containers that wait, for what slot pools do not have: drain, fill, recycle. Undefined of a slot pool. */
  readonly warm: WarmPool | undefined;
}

/** Serves a pool of containers that wait. */
export function servedWarmPool(options: WarmPoolOptions): ServedPool {
  const warm = new WarmPool(options);
  return {
    pool: warm.pool,
    book: warm.book,
    warm,
    start: async () => {
      await warm.start();
      await warm.firstOffer();
    },
    stop: () => warm.stop(),
    claim: async ({ wait, ...claim }) => {
      const { lease, place } = await warm.claim({ ...claim, queue: wait > 0, timeout: wait || ANSWERED });
      return { lease, isolation: place.isolation };
    },
    execute: (lease, command, options) => warm.execute(lease, command, options),
    release: (lease) => warm.release(lease),
    shown: (lease) => ({ lease, isolation: warm.status().isolation ?? "none" }),
    figures: () => {
      const { pool, free, leased, coming, target, queue, draining, upToDate } = warm.status();
      return { pool, free, leased, coming, target, queue, draining, upToDate };
    },
  };
}

/** A slot pool that is served. */
export interface SlotPoolToServe {
  /** Its name. */
  readonly pool: string;
  /** The job that is registered where nobody has deployed one of it. Default: none is */
  readonly job?: SlotPoolJob;
}

/** Serves the slots of sandboxes, leased one by one as `SlotPool` does. */
export function servedSlotPool(
  { pool: name, job }: SlotPoolToServe,
  common: Pick<SlotPoolOptions, "nomad" | "store" | "leases" | "onTrouble">,
): ServedPool {
  const pool = new SlotPool({ ...common, ...(job === undefined ? { pool: name } : { job }) });
  return {
    pool: name,
    get book() {
      return pool.book;
    },
    warm: undefined,
    start: async () => {
      await pool.start();
      await pool.firstOffer();
    },
    stop: () => pool.stop(),
    claim: async ({ owner, standing, signal, wait }) => {
      const handle = await pool.acquire(owner, { standing, signal, queue: wait > 0, timeout: wait || ANSWERED });
      if (handle.isolation === "none") await refuseBesideOthers(pool, handle);
      return handle;
    },
    execute: (lease, command, options) => pool.execute(pool.handleOf(lease), command, options),
    release: async (lease) => {
      if (await pool.release(pool.handleOf(lease))) return;
      throw new LeaseEndedError(lease, "released", "the lease was over before");
    },
    shown: (lease) => pool.handleOf(lease),
    figures: () => {
      const { free, leased, ending, queue, count, sandboxes, upToDate } = pool.status();
      const slots = Math.max(0, ...sandboxes.map((sandbox) => sandbox.slots));
      const target = count * slots;
      const coming = Math.max(0, target - free - leased);
      const figures = { free, leased, coming: Math.max(coming, ending), target, queue };
      return { pool: name, ...figures, draining: false, upToDate };
    },
  };
}

/**
 * Slots that nothing keeps apart are for one owner at a time. What the store says is asked, so that of two who claim at the same moment one is refused at least.
 *
 * @throws PoolOfOtherUser where somebody else has one; the claimed one is given back
 */
async function refuseBesideOthers(pool: SlotPool, handle: SlotHandle): Promise<void> {
  const { owner } = handle.lease;
  try {
    if ((await pool.book.list()).every((lease) => lease.owner === owner)) return;
  } catch (error) {
    await pool.release(handle).catch(() => undefined);
    throw error;
  }
  await pool.release(handle);
  throw new PoolOfOtherUser(
    `the sandboxes of ${pool.pool} keep nothing apart (isolation: none), and somebody else has slots there`,
  );
}
