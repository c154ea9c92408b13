import type { DesiredUpdates, JobJson, NomadClient, PlacementFailure, PlanResult } from "../../nomad";
import { demandOf, DIMENSIONS, howManyFit, liveNodes, type Demand, type Room, type Space } from "../capacity";

/** Of how many nodes it is asked what they have left: each is two requests. */
const MOST_NODES = 50;

/**
 * What the nodes that take a group have left for one more of it: of each dimension, what the node has that has the most of it. Asked where a plan says that a
 * dimension is exhausted; a group is not in it where that is not known, since the token may not read nodes, or there are very many.
 */
export async function roomLeft(
  nomad: NomadClient,
  job: JobJson,
  { FailedTGAllocs: failures, Annotations: annotations }: Pick<PlanResult, "FailedTGAllocs" | "Annotations">,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Space>> {
  const short = Object.entries(failures ?? {}).filter(([, failure]) => isShort(failure));
  if (short.length === 0) return new Map();
  const updates = annotations?.DesiredTGUpdates ?? {};
  // What is replaced stops before its successor is placed, and counts as placed anew.
  const isReplaced = Object.values(updates).some(({ DestructiveUpdate }) => DestructiveUpdate > 0);
  try {
    if ((await nomad.readyNodes()).length > MOST_NODES) return new Map();
    let rooms = await liveNodes(nomad, isReplaced ? new Set([job.ID]) : new Set());
    for (const [group, update] of Object.entries(updates)) {
      const demand = demandOf(job, group);
      if (demand) rooms = howManyFit(demand, rooms, placedOf(update, failures?.[group], isReplaced)).after;
    }
    return new Map(
      short.flatMap(([group]) => {
        const demand = demandOf(job, group);
        const left = demand && mostLeft(demand, rooms);
        return left ? [[group, left] as const] : [];
      }),
    );
  } catch {
    signal?.throwIfAborted();
    return new Map();
  }
}

/** How many of a group a plan places on nodes, or leaves there that are counted anew. */
function placedOf(
  { Place, DestructiveUpdate, InPlaceUpdate, Ignore }: DesiredUpdates,
  failure: PlacementFailure | undefined,
  isReplaced: boolean,
): number {
  const unplaced = failure === undefined ? 0 : failure.CoalescedFailures + 1;
  const stays = isReplaced ? InPlaceUpdate + Ignore : 0;
  return Math.max(0, Place + DestructiveUpdate + stays - unplaced);
}

function isShort({ DimensionExhausted: exhausted }: PlacementFailure): boolean {
  return DIMENSIONS.some((dimension) => (exhausted[dimension] ?? 0) > 0);
}

function mostLeft(demand: Demand, rooms: readonly Room[]): Space | undefined {
  const takers = rooms.filter((room) => room.takes(demand));
  if (takers.length === 0) return undefined;
  const most = (dimension: keyof Space) => Math.max(0, ...takers.map(({ free }) => free[dimension]));
  return { cpu: most("cpu"), memory: most("memory"), disk: most("disk") };
}
