import { purgeStopped, type NomadClient } from "../../nomad";
import { isLive, isOfPool } from "../generations";
import { factsIn, type PoolJobFacts } from "./pool-job";
import type { Shrinking } from "./shrinking";

/** What {@link retire} works with. */
export interface RetirementParts {
  readonly nomad: NomadClient;
  readonly pool: string;
  readonly group: string;
  /** The old generation, as it was seen. */
  readonly facts: PoolJobFacts;
  readonly shrinking: Shrinking;
  /** Whether it is an old one still. */
  readonly isOld: () => boolean;
}

/**
 * One step on the way of an old generation, of which nobody leases anything new: it shrinks by sandboxes that nobody is in; where nobody is in any it is
 * stopped, and purged once they have ended, also where the manager that stopped it is gone. Nothing that is leased ends. While somebody is in one, it keeps as
 * many as its job's `scaling` block wants at least: Nomad scales it no lower.
 */
export async function retire(parts: RetirementParts): Promise<void> {
  const { nomad, pool, group, facts, shrinking, isOld } = parts;
  const job = await nomad.job(facts.job);
  // One of the same id that was made anew is not the one that was seen.
  const now = job && factsIn(job, group);
  if (job === undefined || now === undefined || now.created !== facts.created) return;
  const allocations = await shrinking.allocations();
  const areFree = allocations.every(({ ID }) => shrinking.isFree(ID));
  if (job.Stop === true) {
    if (areFree && !allocations.some(isLive)) await purgeStopped(nomad, facts.job);
    return;
  }
  if (!isOfPool(job, pool)) return;
  if (areFree) await shrinking.stopAll(isOld);
  else await shrinking.byLast(now.min ?? 0, { onlyReady: false });
}
