/**
 * Pools: places to run a command, leased in milliseconds. Loads no CDK. What stands here is what the package publishes as `cdk-nomad/pools`, and
 * docs/pools.md names all of it; whatever else a room has stays in it.
 */
export {
  BrowserSessions,
  type BrowserRequest,
  type BrowserSession,
  type BrowserSessionsOptions,
  type BrowserState,
  type ScreenStream,
} from "./browsers";
export {
  getWarmPoolManager,
  WarmPool,
  WarmPoolManager,
  type Command,
  type LeasedContainer,
  type PoolStats,
  type WarmContainer,
  type WarmPoolClaim,
  type WarmPoolManagerOptions,
  type WarmPoolOptions,
  type WarmPoolStatus,
} from "./containers";
export {
  ExecutionLostError,
  isolationOf,
  NomadExecutor,
  type ExecuteOptions,
  type ExecutionResult,
  type Executor,
  type Place,
} from "./execution";
export {
  chooseGeneration,
  forgetPool,
  keepsPool,
  jobsOfPool,
  readPoolRecord,
  type Choice,
  type ChooseOptions,
  type PoolJobsOptions,
  type PoolRecord,
} from "./generations";
export * from "./jobs/published";
export {
  LeaseBook,
  LeaseEndedError,
  countManagers,
  countWaiting,
  listLeases,
  ManagersBehindError,
  monotonicClock,
  PoolBusyError,
  SlowStoreError,
  standingLeases,
  type ClaimOptions,
  type Clock,
  type Lease,
  type LeaseBookOptions,
  type LeaseEnd,
  type LeaseEvent,
  type LeaseSettings,
  type PoolState,
  type ReadOptions,
  type ReleaseOptions,
  type SlotState,
} from "./leases";
export {
  getNomadManager,
  NomadManager,
  RuntimeFailedError,
  type BrowserVmRequest,
  type ClusterStatus,
  type Credentials,
  type JobAllocation,
  type JobStatus,
  type KeptOutput,
  type ManagerMetrics,
  type NomadManagerOptions,
  type OutputChunk,
  type RuntimeFailure,
  type RuntimeJobRequest,
  type RuntimeProgress,
  type SubmittedJob,
  type Usage,
} from "./runtime";
export * as sandbox from "./sandbox";
export {
  allocationOf,
  sandboxSlotOf,
  SlotPool,
  type AcquireOptions,
  type BatchItem,
  type BatchResult,
  type SandboxSlot,
  type SandboxState,
  type SandboxStatus,
  type SlotHandle,
  type SlotPoolByJob,
  type SlotPoolByName,
  type SlotPoolOptions,
  type SlotPoolCommon,
  type SlotPoolStatus,
  type ToolCall,
} from "./slots";
export {
  ABSENT,
  ConsulStore,
  NomadStore,
  type Change,
  type ListOptions,
  type Snapshot,
  type Store,
  type StoredObject,
} from "./store";
export { UserError } from "../errors";
export {
  ConsulClient,
  consulConnection,
  NomadClient,
  nomadConnection,
  type Connection,
  type Environment,
  type JobJson,
} from "../nomad";
