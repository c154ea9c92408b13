import type { NomadClient } from "../../nomad";
import type { ReadOptions } from "../leases";
import type { Store } from "../store";
import { choosing, currentOf, type Made } from "./current";
import { readJobs } from "./pool-jobs";
import { keepsPool, PoolRecords } from "./pool-record";

/** What is chosen, and how. */
export interface ChooseOptions extends ReadOptions {
  /** The pool's name. */
  readonly pool: string;
  /** The id of a job of the pool, which may be stopped as yet. */
  readonly job: string;
  /** Whether it is written also where the store has nothing of the pool. Default: false */
  readonly always?: boolean;
}

/**
 * Has the managers of a pool lease of one of its jobs, also of an old one that is on its way out, until a newer one comes up: for whoever deploys a
 * pool as it was before. Nothing is written where they do so by themselves: where it is the only job, or the newest.
 *
 * @returns `chosen`: they lease of it from now on. `current`: they did, or will once it is registered. `absent`: the store has nothing of the pool
 * @throws what Nomad or the store says, where it does not answer in time or refuses; the signal's reason
 */
export async function chooseGeneration(
  store: Store,
  nomad: NomadClient,
  { pool, job, always = false, ...reading }: ChooseOptions,
): Promise<"chosen" | "current" | "absent"> {
  const stubs = await nomad.jobs(pool);
  // One that is not there yet becomes the newest.
  const own = stubs.some(({ ID }) => ID === job) ? await nomad.job(job) : undefined;
  const others = (await readJobs(nomad, pool, stubs)).filter(({ ID }) => ID !== job).map(madeOf);
  if (own === undefined || others.length === 0) return "current";
  if (!always && !(await keepsPool(store, pool, reading))) return "absent";
  const all = [madeOf(own), ...others];
  let isNew = false;
  await new PoolRecords(store, pool, reading.clock).change((now) => {
    isNew = currentOf(all, now.choice)?.job !== job;
    return isNew ? choosing(job, all, now) : now;
  }, reading.signal);
  return isNew ? "chosen" : "current";
}

function madeOf({ ID, CreateIndex }: { readonly ID: string; readonly CreateIndex?: unknown }): Made {
  return { job: ID, created: Number(CreateIndex ?? 0) };
}
