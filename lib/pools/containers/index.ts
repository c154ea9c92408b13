/** Warm pools: containers that wait to be leased, replaced after use, and changed without ending a lease. */
export type { Command } from "./commands";
export { getWarmPoolManager } from "./get-warm-pool-manager";
export type { LeasedContainer, WarmPoolClaim, WarmPoolOptions, WarmPoolStatus } from "./options";
export { WarmPool } from "./warm-pool";
export { WarmPoolManager, type PoolStats, type WarmContainer, type WarmPoolManagerOptions } from "./warm-pool-manager";
