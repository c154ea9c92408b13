/** Knowing when something about a job changed, and asking a cluster that is not well. */
export type { Changes, ChangesOptions } from "./changes";
export { unlessAborted } from "./abort";
export { watchChanges } from "./watch-changes";
export { BEFORE, LOOKING, withRetries, type RetryOptions } from "./retry";
export { withRegionalChanges, type RegionalChanges } from "./regional-changes";
