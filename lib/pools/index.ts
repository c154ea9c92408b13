/** Pools: places to run a command, leased in milliseconds. Loads no CDK. */
export * from "./containers";
export {
  ExecutionLostError,
  isolationOf,
  NomadExecutor,
  type ExecuteOptions,
  type ExecutionResult,
  type Executor,
  type Place,
} from "./execution";
export * from "./jobs";
export {
  CLAIM_DEADLINE,
  doublesIn,
  LeaseBook,
  LeaseEndedError,
  monotonicClock,
  poolKey,
  PoolBusyError,
  type ClaimOptions,
  type Clock,
  type Double,
  type HistoryEvent,
  type Lease,
  type LeaseBookOptions,
  type LeaseEnd,
  type LeaseEvent,
  type PoolState,
  type ReleaseOptions,
  type SlotState,
} from "./leases";
export * from "./runtime";
export * as sandbox from "./sandbox";
export * from "./slots";
export * from "./store";
export { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../nomad";
