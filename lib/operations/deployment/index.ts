/** What a stack wants, brought to a cluster and watched; what is going on there, steered and taken back. */
export { deploy, type DeployOptions } from "./deploy";
export type { AllocationView, DeploymentView, GroupView } from "./deployment-view";
export { diagnose, hasFailed, type TaskDiagnosis } from "./diagnosis";
export type { FailingCheck } from "./failing-checks";
export type { JobOptions, SteerOptions } from "./options";
export { rollback, type RollbackOptions } from "./rollback";
export { listServices, type ServiceRow } from "./service-list";
export { stackStatus, type GroupStatus, type JobStatus } from "./stack-status";
export { failDeployment, promote, watchStack, type Failed, type PromoteOptions } from "./steer";
export { watchDeployment, type JobOutcome, type Outcome, type WatchOptions } from "./watch";
