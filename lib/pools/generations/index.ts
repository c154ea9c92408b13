/**
 * The generations of a pool: the jobs that it is and was made of, which of them is leased of, what its managers have agreed on, and who of them
 * takes old ones away.
 */
export { Agreement } from "./agreement";
export { chooseGeneration, type ChooseOptions } from "./choose";
export { isLive, nextToGo } from "./allocations";
export { Attempts } from "./attempts";
export { choosing, currentOf, REGISTERED_BY, type Choice, type Made } from "./current";
export { Duty } from "./duty";
export { isOfPool, jobsOfPool, readJobs, type PoolJobsOptions } from "./pool-jobs";
export { forgetPool, keepsPool, PoolRecords, readPoolRecord, sizeIn, withSize, type PoolRecord } from "./pool-record";
