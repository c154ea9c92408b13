import type { JobJson, NomadClient } from "../../nomad";
import { capacityOf } from "./capacity";
import type { Demand } from "./demand";
import type { Room } from "./nodes";
import { shortagesOf, type Shortage } from "./shortage";

/** What Nomad would stop, so that a group of which not all finds a place has more of it. */
export interface Preemption {
  /** How many more of the group find a place then. */
  readonly gained: number;
  /** What is short all the same; absent where all find a place. */
  readonly rest?: Shortage;
  /** The jobs some of whose allocations would be stopped, by their ids: those of which any may be. */
  readonly jobs: readonly string[];
}

/**
 * The types of jobs for which a cluster's scheduler stops what has a lower priority, as its configuration says. Where that may not be read, it is what a server has
 * that nobody told otherwise: for system jobs alone.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs/operator/scheduler
 */
export async function preemptingTypes(nomad: NomadClient): Promise<ReadonlySet<string>> {
  try {
    const { SchedulerConfig: of } = await nomad.schedulerConfiguration();
    const {
      SystemSchedulerEnabled: system,
      SysBatchSchedulerEnabled: sysbatch,
      BatchSchedulerEnabled: batch,
      ServiceSchedulerEnabled: service,
    } = of.PreemptionConfig;
    const types = { system, sysbatch, batch, service };
    return new Set(Object.entries(types).flatMap(([type, isOn]) => (isOn ? [type] : [])));
  } catch {
    return new Set(["system"]);
  }
}

/**
 * What preemption gives a group for which there is no room.
 *
 * @param jobs those that are placed together
 * @param types see {@link preemptingTypes}
 * @returns undefined where it gives nothing
 */
export function preemptionFor(
  { demand, placed }: Shortage,
  {
    jobs,
    rooms,
    types,
  }: {
    readonly jobs: readonly JobJson[];
    readonly rooms: readonly Room[];
    readonly types: ReadonlySet<string>;
  },
): Preemption | undefined {
  if (!types.has(demand.type)) return undefined;
  const without = rooms.map((room) => room.preempted(demand.priority));
  const stopped = [...new Set(without.flatMap(({ jobs: ids }) => ids))].sort();
  if (stopped.length === 0) return undefined;
  const then = capacityOf(
    jobs,
    without.map(({ room }) => room),
  );
  const gained = (then.groups.find((each) => isSame(each.demand, demand))?.placed ?? placed) - placed;
  if (gained <= 0) return undefined;
  const rest = shortagesOf(then).find((each) => isSame(each.demand, demand));
  return { gained, jobs: stopped, ...(rest ? { rest } : {}) };
}

function isSame(a: Demand, b: Demand): boolean {
  return a.job === b.job && a.group === b.group;
}
