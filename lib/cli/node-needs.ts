import type { Demand } from "../operations";

/** What a node must have for a group, where none has it. */
export function nodeNeedsInWords({ drivers }: Pick<Demand, "drivers">): string {
  return `no node has what it needs: its datacenter, its node pool, the ${drivers.length === 1 ? "driver" : "drivers"} ${drivers.join(", ")}`;
}
