/** Commands and browsers in jobs of their own, and how the cluster does: Polydev's NomadManager. */
export type { ClusterStatus, Usage } from "./cluster-status";
export { secretsOf, type Credentials } from "./credentials";
export { getNomadManager } from "./get-nomad-manager";
export {
  NomadManager,
  type BrowserVmRequest,
  type JobAllocation,
  type JobStatus,
  type ManagerMetrics,
  type NomadManagerOptions,
  type RuntimeJobRequest,
  type SubmittedJob,
} from "./nomad-manager";
export type { KeptOutput, OutputChunk } from "./output";
export { RuntimeFailedError, type RuntimeFailure, type RuntimeProgress } from "./run";
export { untilRefused } from "./placement";
