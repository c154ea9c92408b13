/** cdk-nomad: Nomad jobs as typed classes, and constructs that deploy them. */
export * from "./constructs";
export { compareProblems, formatProblem, pathText, UserError } from "./errors";
export type { Path, PathStep, Problem, Severity } from "./errors";
export { IMAGE_TAG, imagesOf, STAND_IN } from "./job-parts";
export * from "./jobspec";
export { SLOT_POOL_VARIABLES, slotPoolSettings } from "./pools/jobs";
export * from "./pools/jobs/published";
export * from "./workloads";
