import type { Store } from "../store";
import type { Clock } from "./clock";
import type { Patience } from "./decide";
import type { Heartbeat } from "./heartbeat";
import type { PoolKeys } from "./keys";
import type { SlotRecord } from "./records";
import type { View } from "./view";

/** What the parts of a lease book share. */
export interface BookParts {
  readonly store: Store;
  readonly keys: PoolKeys;
  readonly clock: Clock;
  readonly view: View;
  readonly heartbeat: Heartbeat;
  /** This manager's id. */
  readonly manager: string;
  readonly ttl: number;
  readonly nonce: () => string;
  readonly onTrouble: (message: string) => void;
}

/** How long writes are tried whose outcome nobody waits for; they come again with the next look at the pool. */
export function patienceOf({ clock, ttl }: BookParts, until = clock.now() + ttl): Patience {
  return { clock, until, attempt: Math.max(ttl, 2000) };
}

/** A slot's record after its lease, with nobody's name in it. */
export function emptied(record: SlotRecord, over: SlotRecord["over"], nonce: string): SlotRecord {
  return { ...record, state: "free", owner: "", manager: "", over, nonce };
}
