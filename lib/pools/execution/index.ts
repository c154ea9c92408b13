/** Commands in running allocations: their environment, their secrets, their output and their end. */
export { ExecutionLostError, type ExecuteOptions, type ExecutionResult, type Executor, type Place } from "./execution";
export { isolationOf } from "./isolation";
export { NomadExecutor } from "./nomad-executor";
export { untilStopped } from "./until-stopped";
