/**
 * The generations of a pool: the jobs that it is and was made of, which of them is leased of, what its managers have agreed on, and who of them
 * takes old ones away.
 */
export { Agreement } from "./agreement";
export { isLive, nextToGo } from "./allocations";
export { currentOf, REGISTERED_BY, type Choice, type Made } from "./current";
export { Duty } from "./duty";
export { isOfPool, jobsOfPool } from "./pool-jobs";
export { POOL_RECORD, PoolRecordStore, type PoolRecord } from "./pool-record";
