/** Leases: who has which slot of a pool, and for how long. */
export { monotonicClock, pause, settledWithin, type Clock } from "./clock";
export { readDecided, SlowStoreError, within, writeDecided } from "./decide";
export { firstOffer, type Offering } from "./first-offer";
export { poolKey } from "./keys";
export { LeaseEndedError, PoolBusyError, type Lease, type LeaseEnd } from "./lease";
export { LeaseBook } from "./lease-book";
export { CLAIM_TIMEOUT } from "./options";
export { countManagers, countWaiting, listLeases, standingLeases, type ReadOptions } from "./read-leases";
export { ManagersBehindError } from "./seen";
export type {
  ClaimOptions,
  LeaseBookOptions,
  LeaseEvent,
  LeaseSettings,
  PoolState,
  ReleaseOptions,
  SlotState,
} from "./options";
