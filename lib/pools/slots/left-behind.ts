import type { LeaseBook } from "../leases";
import type { SlotGenerations } from "./slot-generations";
import { sandboxSlotOf } from "./slot-key";

/** Milliseconds between two looks at what ended sandboxes left, where nothing changes meanwhile. */
const SWEEP = 1000;

/** Ends the leases of allocations that have ended, whoever held them: nobody else may know. */
export async function sweepLeftBehind(
  book: LeaseBook,
  generations: SlotGenerations,
  onTrouble: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const [allocation, keys] of untracked(book, generations))
        if (await generations.hasEnded(allocation))
          await Promise.all(keys.map((key) => book.retire(key, { gone: true })));
    } catch (error) {
      if (!signal.aborted) onTrouble(`what ended sandboxes left is not swept yet: ${String(error)}`);
    }
    await generations.changed(AbortSignal.any([signal, AbortSignal.timeout(SWEEP)])).catch(() => undefined);
  }
}

/** Slots that the store has and whose sandbox is not known here, by their allocations. */
function untracked(book: LeaseBook, generations: SlotGenerations): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { slot } of book.state().slots) {
    const allocation = sandboxSlotOf(slot)?.allocation;
    if (allocation !== undefined && generations.sandbox(allocation) === undefined)
      found.set(allocation, [...(found.get(allocation) ?? []), slot]);
  }
  return found;
}
