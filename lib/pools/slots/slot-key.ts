import type { Lease } from "../leases";

/**
 * The name of a slot in leases: `<allocation>.<slot>`, such as `36e10a25-fffa-9aac-dc27-89ad1385e095.3`. An allocation's id has no dot, and is
 * never used again, so a name stands for one slot of one sandbox for ever.
 */
export function slotKey(allocation: string, slot: number): string {
  return `${allocation}.${slot}`;
}

/** Which slot of which sandbox something is. */
export interface SandboxSlot {
  /** The allocation of the sandbox. */
  readonly allocation: string;
  /** The number of the slot there. */
  readonly number: number;
  /** What the sandbox's server calls it, such as `slot_3`. */
  readonly name: string;
}

/** The slot of a sandbox that a name of a slot stands for, as leases have it in `slot`; undefined where it is none. */
export function sandboxSlotOf(slot: string): SandboxSlot | undefined {
  const [, allocation, digits] = /^([^./]+)\.(0|[1-9]\d{0,4})$/.exec(slot) ?? [];
  return allocation === undefined ? undefined : { allocation, number: Number(digits), name: `slot_${digits}` };
}

/** The allocation that a leased slot is in: of a slot of a sandbox its sandbox's; of a container of a warm pool its own. */
export function allocationOf({ slot }: Pick<Lease, "slot">): string {
  return sandboxSlotOf(slot)?.allocation ?? slot;
}

/**
 * The fencing token that a lease's calls present to the sandbox's server, which refuses every one that is smaller than the largest that it has
 * seen. Between the tokens of two leases of a slot there is another, {@link endingToken}.
 */
export function callToken(generation: number): number {
  return 2 * generation;
}

/**
 * The token with which a slot is emptied after a lease of this generation: from then on that lease's calls are refused. The next lease's token is
 * larger again, so that a manager which comes too late with this one does not empty the slot under it.
 */
export function endingToken(generation: number): number {
  return 2 * generation + 1;
}
