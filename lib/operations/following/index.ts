/** Knowing when something about a job changed, and asking a cluster that is not well. */
export type { Changes, FollowOptions } from "./changes";
export { unlessAborted } from "./ending";
export { followChanges } from "./follow";
export { patiently, type PatienceOptions } from "./retry";
export { withStreams, type Streams } from "./streams";
