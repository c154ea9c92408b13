import { stopAndPurge, type NomadClient } from "../../nomad";
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
  readonly signal: AbortSignal;
}

/**
 * One step on the way of an old generation, of which nobody leases anything new: it shrinks by sandboxes that nobody is in, all at once where nobody
 * is in any, and is purged once it has none. Nothing that is leased ends. While somebody is in one, it keeps as many as its job's `scaling` block wants at least:
 * Nomad scales it no lower.
 */
export async function retire(parts: RetirementParts): Promise<void> {
  const { nomad, pool, group, facts, shrinking, isOld, signal } = parts;
  const job = await nomad.job(facts.job);
  const now = job && isOfPool(job, pool) ? factsIn(job, group) : undefined;
  // One of the same id that was made anew is not the one that was seen.
  if (now === undefined || now.created !== facts.created) return;
  const allocations = await shrinking.allocations();
  const areFree = allocations.every(({ ID }) => shrinking.isFree(ID));
  if (now.count > 0) {
    await (areFree ? shrinking.byAll() : shrinking.byLast(now.min ?? 0, { onlyReady: false }));
    return;
  }
  if (!areFree || allocations.some(isLive) || !isOld()) return;
  await stopAndPurge(nomad, facts.job, { signal });
}
