/** Somebody in the queue: one who waits here, or a ticket of another manager. */
export type InLine<W> = { readonly waiter: W } | { readonly foreign: string };

/** Who takes which slot. */
export interface Assignment<W> {
  readonly taken: readonly { readonly waiter: W; readonly slot: string }[];
  /** Tickets of other managers that a free slot is left to. */
  readonly left: readonly string[];
}

/**
 * Who takes which free slot, so that nobody takes one before those who came earlier. Every manager decides alike: the first in line has the first of
 * the free slots, and so on, so that they do not reach for the same.
 *
 * @param line everybody who has a ticket, the oldest first
 * @param newcomers those who wait here and have none yet, the oldest first: whatever the line leaves is theirs
 * @param free slots in the order that all managers have them in
 * @param preferred the same in this manager's own order
 */
export function assign<W>(
  line: readonly InLine<W>[],
  newcomers: readonly W[],
  free: readonly string[],
  preferred: Iterable<string>,
): Assignment<W> {
  const taken: { waiter: W; slot: string }[] = [];
  const left: string[] = [];
  const reserved = new Set<string>();
  for (const [rank, entry] of line.entries()) {
    const slot = free[rank];
    if (slot === undefined) break;
    reserved.add(slot);
    if ("foreign" in entry) left.push(entry.foreign);
    else taken.push({ waiter: entry.waiter, slot });
  }
  const rest = newcomers[Symbol.iterator]();
  if (newcomers.length > 0 && free.length > reserved.size)
    for (const slot of preferred) {
      if (reserved.has(slot)) continue;
      const next = rest.next();
      if (next.done) break;
      taken.push({ waiter: next.value, slot });
    }
  return { taken, left };
}
