/** Something that a process recorded about a lease. */
export interface HistoryEvent {
  /** Which process. */
  readonly process: string;
  /**
   * `claimed`: recorded after the claim was answered. `used`: a call with the lease passed its check; the moment before the check.
   * `released`: recorded before the release was asked for. `lost`: the holder was told that the lease had ended, and did nothing more with
   * it. `killed`: the process ended, with all that it held until then.
   */
  readonly kind: "claimed" | "used" | "released" | "lost" | "killed";
  /** The slot that the lease is of. Default: none, of `killed`. */
  readonly slot?: string;
  /** The lease's generation, its fencing token. Default: none, of `killed`. */
  readonly generation?: number;
  /** Milliseconds on the monotonic clock of the machine. */
  readonly at: number;
  /** The machine: moments of two machines are not compared. Default: the same for all. */
  readonly machine?: string;
}

/** Two processes that had a slot at once. */
export interface Double {
  /** The slot that both had. */
  readonly slot: string;
  /** Both, the one of the smaller generation first; of one generation the one that had it first. */
  readonly holders: readonly { readonly process: string; readonly generation: number }[];
  /** `generation`: both had the same one; `overlap`: the later one had it before the earlier one's time was over; `order`: it had the smaller one. */
  readonly kind: "generation" | "overlap" | "order";
}

interface Interval {
  readonly process: string;
  readonly machine: string;
  readonly generation: number;
  readonly from: number;
  to: number;
  over: boolean;
}

/**
 * Every slot that two had at once, by what the processes recorded. A lease counts from the moment that its holder knew of it to the last moment that it
 * passed a check, was released, or (unless it was lost before) its process was killed: within that nobody else may know of a lease of the slot.
 *
 * @param events of all processes, in any order
 */
export function doublesIn(events: readonly HistoryEvent[]): readonly Double[] {
  const slots = intervalsOf(events);
  return [...slots].flatMap(([slot, intervals]) => [...doublesOf(slot, intervals)]);
}

function* doublesOf(slot: string, intervals: readonly Interval[]): Generator<Double> {
  const sorted = [...intervals].sort((a, b) => a.generation - b.generation || a.from - b.from);
  const found = (kind: Double["kind"], ...holders: readonly Interval[]): Double => ({
    slot,
    kind,
    holders: holders.map(({ process, generation }) => ({ process, generation })),
  });
  for (const [index, later] of sorted.entries())
    for (const earlier of sorted.slice(0, index)) {
      if (earlier.generation === later.generation) yield found("generation", earlier, later);
      else if (earlier.machine !== later.machine) continue;
      else if (later.from < earlier.from) yield found("order", earlier, later);
      else if (later.from < earlier.to) yield found("overlap", earlier, later);
    }
}

function intervalsOf(events: readonly HistoryEvent[]): ReadonlyMap<string, Interval[]> {
  const slots = new Map<string, Interval[]>();
  const open = new Map<string, Interval>();
  // What was recorded at the same moment: a claim comes before whatever follows from it.
  const ordered = [...events].sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]);
  for (const { process, kind, slot = "", generation = 0, at, machine = "" } of ordered) {
    if (kind === "killed") {
      for (const interval of open.values()) if (interval.process === process && !interval.over) end(interval, at);
      continue;
    }
    const id = JSON.stringify([process, slot, generation]);
    if (kind === "claimed") {
      const interval = { process, machine, generation, from: at, to: at, over: false };
      slots.set(slot, [...(slots.get(slot) ?? []), interval]);
      open.set(id, interval);
      continue;
    }
    const interval = open.get(id);
    if (!interval) throw new Error(`${process} recorded that ${slot} was ${kind}, which it had not claimed`);
    if (kind === "lost") interval.over = true;
    else if (kind === "used") interval.to = Math.max(interval.to, at);
    else end(interval, at);
  }
  return slots;
}

const RANK = { claimed: 0, used: 1, released: 2, lost: 2, killed: 3 };

function end(interval: Interval, at: number): void {
  interval.to = Math.max(interval.to, at);
  interval.over = true;
}
