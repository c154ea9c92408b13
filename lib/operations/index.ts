/** What is done with a synthesized program and a cluster. */
export { deploy, type DeployOptions, type JobOutcome } from "./deploy";
export type { AllocationView, DeploymentView, GroupView } from "./deployment-view";
export { diagnose, hasFailed, type TaskDiagnosis } from "./diagnosis";
export { evaluateTemplate, NeedsTerraform, type TerraformValue } from "./expression";
export { commandParser, serverParser, type HclVariables } from "./hcl-parser";
export { readJobFile, type HclParser, type JobFile } from "./job-files";
export { judgeFile, judgeStack, type JudgedFile } from "./judge";
export type { LocatedProblem } from "./locate";
export { listServices, type ServiceRow } from "./service-list";
export { readRunningJob } from "./running-job";
export { readStack, stackNames, type StackInput, type Wanted } from "./stack-file";
export { synthesizeProject, type SynthesisOptions } from "./synthesis";
export { variableValues, type VariableDeclaration } from "./variables";
export { watchDeployment, type Outcome, type WatchOptions } from "./watch";
