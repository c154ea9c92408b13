import type { JobJson } from "../../nomad";
import { demandsOf, type Demand } from "./demand";
import type { Room } from "./nodes";
import { howManyFit, place, type Fit } from "./pack";

/** How much of a group fits on some nodes. */
export interface GroupCapacity {
  readonly demand: Demand;
  /** How many fit, with nothing of the other jobs beside them. */
  readonly alone: Fit;
  /** How many the job asks for on these nodes. */
  readonly wanted: number;
  /** How many of them fit, once those before it are placed. */
  readonly placed: number;
  /** How many more fit once all jobs are placed. */
  readonly more: number;
}

/** How many a group asks for on some nodes. */
function wantedOf(demand: Demand, rooms: readonly Room[]): number {
  return demand.count === "every node" ? rooms.filter((room) => room.takes(demand)).length : demand.count;
}

/** How much of several jobs fits. */
export interface Capacity {
  readonly groups: readonly GroupCapacity[];
  /** The nodes as they are. */
  readonly before: readonly Room[];
  /** The nodes with all jobs at their counts, placed in Nomad's order: by priority, then as they come. */
  readonly after: readonly Room[];
}

/** Says how much of jobs fits on nodes, and what their counts leave. */
export function capacityOf(jobs: readonly JobJson[], rooms: readonly Room[]): Capacity {
  const demands = jobs.flatMap(demandsOf);
  const placed = new Map<Demand, number>();
  let after = rooms;
  for (const demand of [...demands].sort((a, b) => b.priority - a.priority)) {
    let count = 0;
    for (; count < wantedOf(demand, rooms); count += 1) {
      const next = place(demand, after);
      if (!next) break;
      after = next;
    }
    placed.set(demand, count);
  }
  return {
    groups: demands.map((demand) => ({
      demand,
      alone: howManyFit(demand, rooms),
      wanted: wantedOf(demand, rooms),
      placed: placed.get(demand) ?? 0,
      more: howManyFit(demand, after).count,
    })),
    before: rooms,
    after,
  };
}
