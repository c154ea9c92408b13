import { ReadableError } from "../../errors";

/**
 * The right to one slot of a pool: a container of a warm pool, or a slot of a sandbox. It is a plain value, so that it can be sent to another
 * process; what holds it there presents it with every call.
 */
export interface Lease {
  /** The pool's name, such as `warm-pool-openai`. */
  readonly pool: string;
  /** What is leased: the id of an allocation; for a slot of a sandbox `<allocation>.<slot>`. */
  readonly slot: string;
  /** Whose it is: any text, such as a user's id. */
  readonly owner: string;
  /** Grows with every claim of the slot, and with nothing else: the fencing token. A call with a smaller one than the slot's is refused. */
  readonly generation: number;
  /** How long it stands without a heartbeat, in milliseconds, counted by whoever looks at it, on a clock of their own. */
  readonly ttl: number;
  /** The claim's own random id, which tells it from any other claim of the slot, also after a store has lost its data. */
  readonly claim: string;
}

/** Why a call with a lease was refused. */
export type LeaseEnd =
  /** Somebody else has the slot by now, or its generation is over. */
  | "stale"
  /** Its holder did not renew it in time. */
  | "expired"
  /** It was released before. */
  | "released"
  /** The allocation behind it has ended. */
  | "gone";

/** A call with a lease that has ended; nothing was run. The lease is of no further use: claim another. */
export class LeaseEndedError extends ReadableError {
  override readonly name = "LeaseEndedError";
  /** `lease-stale` where somebody else may have the slot, else `lease-ended`. */
  readonly code: string;

  constructor(
    /** The lease that is over. */
    readonly lease: Lease,
    /** Why it is over. */
    readonly reason: LeaseEnd,
    message: string,
  ) {
    super(message);
    this.code = reason === "stale" ? "lease-stale" : "lease-ended";
    this.quietly("lease", "reason");
  }
}

/** A pool with no free slot, and no room in its queue or no time left to wait in it. */
export class PoolBusyError extends ReadableError {
  override readonly name = "PoolBusyError";
  readonly code = "pool-busy";

  constructor(
    /** The pool's name. */
    readonly pool: string,
    /** When it is worth to ask again, in milliseconds. */
    readonly retryAfter: number,
    /** The message without what the cluster says, for whoever has no business there. */
    readonly summary: string,
    /** What Nomad and Consul say of it. */
    details = "",
  ) {
    super([summary, details].filter(Boolean).join("; "));
    this.quietly("pool", "retryAfter", "summary");
  }
}
