import type { BookParts } from "./book-parts";
import type { PoolState, SlotState } from "./options";
import type { SlotRecord } from "./records";

/** A pool as its manager sees it, from memory. @param waiting how many wait, at every manager */
export function stateOf(parts: BookParts, candidates: ReadonlySet<string>, waiting: number): PoolState {
  const { keys, view, manager } = parts;
  const slots = new Map<string, SlotState>();
  for (const { record } of view.slots.values())
    if (record && (record.state !== "free" || candidates.has(record.slot))) slots.set(record.slot, slotState(record));
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

/** The slots that are leased or being ended, from memory. */
export function takenSlots({ view }: BookParts): readonly SlotState[] {
  return [...view.slots.values()].flatMap(({ record }) =>
    record && record.state !== "free" ? [slotState(record)] : [],
  );
}

function slotState({ slot, state, generation, owner, manager }: SlotRecord): SlotState {
  return { slot, state, generation, owner, manager };
}

/** Whether the view is kept up: no answer of the store has been missing for longer than the ttl. */
export function isUpToDate({ clock, view, ttl }: BookParts): boolean {
  return clock.now() - view.heard < ttl;
}
