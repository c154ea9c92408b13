/** What a stack wants, brought to a cluster and watched; deployments watched, promoted, failed and rolled back. */
export { deploy, type DeployOptions } from "./deploy";
export type { AllocationView, DeploymentView, GroupView } from "./deployment-view";
export { diagnose, type TaskDiagnosis } from "./diagnosis";
export { failDeployment, type Failed } from "./fail";
export type { FailingCheck } from "./failing-checks";
export type { JobOptions, OperationOptions } from "./options";
export type { Remains } from "./recorded-deployment";
export { rollback, type RollbackOptions } from "./rollback";
export { listServices, type ServiceRow } from "./service-list";
export type { GroupStatus, JobState } from "./condition";
export type { JobOutcome, Outcome } from "./outcome";
export type { Reason } from "./reason";
export { restart, type Restarted, type RestartOptions } from "./restart";
export { jobsToAskAbout } from "./stack-jobs";
export { stackStatus, type Children, type ChildStatus, type JobStatus } from "./stack-status";
export { promote, type PromoteOptions } from "./promote";
export { watchDeployment, type WatchOptions } from "./watch";
export { watchStack } from "./watch-stack";
