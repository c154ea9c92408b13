import type { Capacity } from "./capacity";
import type { Demand } from "./demand";
import { DIMENSIONS, NOTHING, plus, type Space } from "./space";

/** What a group lacks for all that its job asks for. */
export interface Shortage {
  readonly demand: Demand;
  readonly placed: number;
  readonly wanted: number;
  /** How much more there would have to be on the nodes that take it, of the dimensions that are short; empty where it is none of them. */
  readonly missing: Partial<Space>;
}

/** The groups of which not every allocation finds a place, with what is missing. */
export function shortagesOf({ groups, after }: Capacity): readonly Shortage[] {
  return groups
    .filter(({ placed, wanted }) => placed < wanted)
    .map(({ demand, placed, wanted }) => {
      const free = after
        .filter((room) => room.takes(demand))
        .map((room) => room.free)
        .reduce(plus, NOTHING);
      const missing = DIMENSIONS.flatMap((dimension) => {
        const amount = demand.space[dimension] * (wanted - placed) - Math.max(0, free[dimension]);
        return amount > 0 ? [[dimension, amount] as const] : [];
      });
      return { demand, placed, wanted, missing: Object.fromEntries(missing) };
    });
}
