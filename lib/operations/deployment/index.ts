/** What a stack wants, brought to a cluster and watched. */
export { deploy, type DeployOptions, type JobOutcome } from "./deploy";
export type { AllocationView, DeploymentView, GroupView } from "./deployment-view";
export { diagnose, hasFailed, type TaskDiagnosis } from "./diagnosis";
export { listServices, type ServiceRow } from "./service-list";
export { watchDeployment, type Outcome, type WatchOptions } from "./watch";
