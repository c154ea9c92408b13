import type { BookParts } from "./book-parts";
import type { PoolState, SlotState } from "./options";

/** A pool as its manager sees it, from memory. @param waiting how many wait, at every manager */
export function stateOf(parts: BookParts, candidates: ReadonlySet<string>, waiting: number): PoolState {
  const { keys, view, manager } = parts;
  const slots = new Map<string, SlotState>();
  for (const { record } of view.slots.values())
    if (record) {
      const { slot, state, generation, owner, manager: renewedBy } = record;
      if (state !== "free" || candidates.has(slot))
        slots.set(slot, { slot, state, generation, owner, manager: renewedBy });
    }
  for (const slot of candidates)
    if (!view.slots.has(keys.slot(slot)) && !view.gone.has(keys.slot(slot)))
      slots.set(slot, { slot, state: "free", generation: 0, owner: "", manager: "" });
  const count = (state: SlotState["state"]) => [...slots.values()].filter((one) => one.state === state).length;
  return {
    pool: keys.pool,
    manager,
    managers: [...view.managers.keys()].map((key) => keys.lastOf(key)).sort(),
    free: count("free"),
    leased: count("held"),
    ending: count("ending"),
    queue: waiting,
    slots: [...slots.values()],
    upToDate: isUpToDate(parts),
  };
}

/** Whether the view is kept up: no answer of the store has been missing for longer than the ttl. */
export function isUpToDate({ clock, view, ttl }: BookParts): boolean {
  return clock.now() - view.heard < ttl;
}
