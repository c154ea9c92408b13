/** For tests of what uses leases. What stands here is what the package publishes as `cdk-nomad/pools/testing`. */
export { doublesIn, type Double, type HistoryEvent } from "./history";
