import type { LeaseBook, Offering } from "../leases";
import type { SlotPoolStatus } from "./options";
import type { Bounds } from "./size";
import type { SlotGenerations } from "./slot-generations";
import { allocationOf } from "./slot-key";

/** How a slot pool does, from memory. */
export function statusOf(
  book: LeaseBook,
  generations: SlotGenerations,
  { min, max }: Pick<Bounds, "min" | "max">,
): SlotPoolStatus {
  const { current } = generations;
  const { pool, slots, free, leased, ending, queue, managers, upToDate } = book.state();
  const count = (allocation: string, wanted: "held" | "ending") =>
    slots.filter((one) => one.state === wanted && allocationOf(one) === allocation).length;
  return {
    ...{ pool, job: current?.facts.job ?? "", min, max, count: current?.resizer.count ?? 0 },
    generations: generations.jobs.map(({ job, count: wanted }) => {
      const own = generations.all.find(({ facts }) => facts.job === job)?.sandboxes.all ?? [];
      return {
        ...{ job, isCurrent: job === current?.facts.job, count: wanted, sandboxes: own.length },
        leased: own.reduce((sum, { allocation }) => sum + count(allocation, "held"), 0),
      };
    }),
    sandboxes: generations.all.flatMap(({ facts, sandboxes }) =>
      sandboxes.all.map(({ allocation, number, state, slots: own, isolation }) => ({
        ...{ allocation, job: facts.job, number, state, slots: own, isolation },
        leased: count(allocation, "held"),
        ending: count(allocation, "ending"),
      })),
    ),
    ...{ free, leased, ending, queue, managers, upToDate },
  };
}

/** Whether a pool has slots to give out, or every slot that it has is somebody's. */
export function offeringOf({ free, count, sandboxes }: SlotPoolStatus): Offering {
  if (free > 0 || count === 0) return "settled";
  if (sandboxes.some(({ state }) => state === "starting")) return "coming";
  return sandboxes.length > 0 ? "settled" : "nothing";
}
