import type { BookParts } from "./book-parts";
import { pause } from "./clock";
import { SlowStoreError } from "./decide";

/** How long managers that are there may take to see what one of them wrote, in milliseconds. */
const SEEN_WITHIN = 10_000;
/** How often it is looked whether they have, in parts of the ttl. */
const LOOKS = 20;

/**
 * Waits until every manager of a pool has seen what was written at a version of the store: its heartbeats say up to where it has seen the pool. One
 * that is silent for its ttl is not waited for, since it claims nothing before it has looked at the pool anew.
 *
 * @throws SlowStoreError where one that is not silent has not seen it in time
 */
export async function seenByAll({ clock, ttl, store, view, keys, manager }: BookParts, version: number): Promise<void> {
  const own = keys.manager(manager);
  const patience = Math.max(SEEN_WITHIN, 4 * ttl);
  const hasSeen = () =>
    view.seen >= version &&
    [...view.managers.values()].every(
      ({ key, record, since }) =>
        key === own || (record?.seen ?? 0) >= version || clock.now() - since >= (record?.ttl ?? ttl),
    );
  for (const end = clock.now() + patience; !hasSeen(); await pause(clock, ttl / LOOKS))
    if (clock.now() > end) throw new SlowStoreError(store.name, patience);
}
