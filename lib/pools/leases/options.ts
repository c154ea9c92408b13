import type { Store } from "../store";
import type { Clock } from "./clock";
import type { Lease, LeaseEnd } from "./lease";

/** What a {@link LeaseBook} is made of. */
export interface LeaseBookOptions {
  /** Where the leases are kept. */
  readonly store: Store;
  /** The pool's name: whoever has the same store and the same name shares the pool. At most 256 characters. */
  readonly pool: string;
  /**
   * The slots that may be leased now: those that run, are healthy, of the current generation of the pool's job, and young enough. Asked
   * before every claim, so it answers from memory. When it changes, call {@link LeaseBook.wake}. A slot that is leased may be among them
   * or not: that it is no candidate any more ends no lease.
   */
  readonly candidates: () => Iterable<string>;
  /**
   * Ends whatever runs in a slot, so that nobody reaches anything in it any more: by stopping its allocation, or by killing and emptying
   * the slot of a sandbox. It may be called twice for one slot, by two managers, after one of them died; and again after it has failed.
   *
   * @returns `gone`: the slot is not there any more, and its name never comes back, as the id of an allocation. `free`: it is empty, and
   *   may be leased again
   */
  readonly end: (slot: string, signal: AbortSignal) => Promise<"gone" | "free">;
  /**
   * Called when the pool was not seen for a while, and is seen again: slots may have been leased and ended meanwhile of which the store shows nothing any
   * more. Ask anew which slots there are, and give none as a candidate until that is answered. Default: nobody is told.
   */
  readonly onGap?: () => void;
  /** Told of a lease of this manager that has ended without its doing: what runs under it has to be given up. Default: nobody is told. */
  readonly onLost?: (lease: Lease, reason: LeaseEnd) => void;
  /** Told of what went wrong and is tried again. Default: nobody is told. */
  readonly onTrouble?: (message: string) => void;
  /** Told of what happened, for metrics. Default: nobody is told. */
  readonly onEvent?: (event: LeaseEvent) => void;
  /** Called when somebody begins to wait for a slot here, so that a pool may grow. Default: nobody is told. */
  readonly onWaiting?: () => void;
  /**
   * How long a lease, or a place in the queue, stands after its manager was heard of last, in milliseconds. What a dead manager had is
   * free after that time and one ending. Default: 2,000, so that it is free within 3 s, and five heartbeats in a row have to be lost.
   */
  readonly ttl?: number;
  /** The time between two heartbeats: one write each, for however many leases. Default: a fifth of the ttl. */
  readonly heartbeat?: number;
  /** How many may wait, those of other managers among them. Default: 1,000. */
  readonly queueLimit?: number;
  /** This manager's name, for people; each book adds something random of its own. Default: `manager`. */
  readonly manager?: string;
  /** Default: the clock of this process. */
  readonly clock?: Clock;
  /** Bytes that nobody can guess. Default: those of node:crypto. */
  readonly randomBytes?: (size: number) => Uint8Array;
}

/** How a pool's manager keeps its leases. */
export type LeaseSettings = Pick<
  LeaseBookOptions,
  "ttl" | "heartbeat" | "queueLimit" | "manager" | "onEvent" | "randomBytes"
>;

/** How long a claim may take where nobody says it, in milliseconds. */
export const CLAIM_TIMEOUT = 30_000;

/** What is claimed, and for whom. */
export interface ClaimOptions {
  /** Whose the lease is: any text, at most 1,024 characters. */
  readonly owner: string;
  /** How long it may take to get one, waiting in the queue included, in milliseconds from now. Default: 30,000. */
  readonly timeout?: number;
  /** Gives up the place in the queue, or the slot that is just being claimed. Default: nobody does. */
  readonly signal?: AbortSignal;
  /**
   * For how long the lease stands by itself, in milliseconds: no manager renews it, so it outlives the one that claimed it, and it is over when
   * it has stood unchanged for so long. Every {@link LeaseBook.renew}, by any manager, begins that time anew. For clients of a service, which
   * may be killed and started again between two of their calls. Default: this manager renews it until it is released.
   */
  readonly standing?: number;
  /**
   * Whether it waits where no slot is free. Default: true. Otherwise it is told so at once, and the timeout is for the store's answers, and for the
   * moment in which it is not known what is free.
   */
  readonly queue?: boolean;
  /** Just this slot, candidate or not, without a queue: where it is not free, the answer is at once that the pool is busy. Default: any. */
  readonly slot?: string;
}

/** How a lease is given back. */
export interface ReleaseOptions {
  /** Whether what runs in the slot is ended before it is offered again. Default: true, since the next one is somebody else. */
  readonly end?: boolean;
}

/** Something that happened to a pool, as this manager saw it. */
export type LeaseEvent =
  /** `waited`: milliseconds from the call to the lease. `conflicts`: how many slots another manager took first. `queued`: whether it was in the queue. */
  | {
      readonly kind: "claimed";
      readonly lease: Lease;
      readonly waited: number;
      readonly conflicts: number;
      readonly queued: boolean;
    }
  | { readonly kind: "busy"; readonly waited: number }
  | { readonly kind: "released"; readonly lease: Lease }
  | { readonly kind: "lost"; readonly lease: Lease; readonly reason: LeaseEnd }
  /** A lease of a manager that was not heard of for the ttl, ended by this one. */
  | { readonly kind: "expired"; readonly slot: string; readonly generation: number; readonly manager: string };

/** A slot as the store shows it. */
export interface SlotState {
  /** The slot's name. */
  readonly slot: string;
  /** `free`: nobody has it; `held`: it is leased; `ending`: what ran in it is being ended. */
  readonly state: "free" | "held" | "ending";
  /** Of the lease that it has, or had last; 0 for one that was never leased. */
  readonly generation: number;
  /** Whose it is; "" where it is free. */
  readonly owner: string;
  /** Which manager renews it, or ends it; "" where none does. */
  readonly manager: string;
}

/** A pool as this manager sees it, some milliseconds old. */
export interface PoolState {
  /** The pool's name. */
  readonly pool: string;
  /** This manager's id. */
  readonly manager: string;
  /** Every manager that is there. */
  readonly managers: readonly string[];
  /** Slots that may be leased and that nobody has. */
  readonly free: number;
  /** Slots that somebody has leased. */
  readonly leased: number;
  /** Slots whose lease is over, and in which what ran is being ended. */
  readonly ending: number;
  /** How many wait, at every manager. */
  readonly queue: number;
  /** Candidates, and whatever else is leased or being ended. */
  readonly slots: readonly SlotState[];
  /** Whether the view is kept up: no answer of the store has been missing for longer than the ttl. */
  readonly upToDate: boolean;
}
