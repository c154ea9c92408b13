import type { Lease } from "./lease";
import type { Place } from "./queue";

/** A claim that is under way. */
export interface Waiter extends Place {
  readonly owner: string;
  /** Whether this manager renews the lease. */
  readonly renewed: boolean;
  /** Whether it waits in the queue where no slot is free. */
  readonly queue: boolean;
  readonly ttl: number;
  /** When it was asked for, and until when it has to be made. */
  readonly asked: number;
  readonly until: number;
  /** Whether it has a place in the queue, or will have one. */
  joined: boolean;
  /** Whether a slot is just being claimed for it. */
  claiming: boolean;
  /** How many slots others took first. */
  conflicts: number;
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: unknown) => void;
}
