/** Leases: who has which slot of a pool, and for how long. */
export { LeaseEndedError, PoolBusyError, type Lease, type LeaseEnd } from "./lease";
