/** What would change: Nomad's own plans, and what differs in Consul. */
export { applyChange, type ConsulChange } from "./consul-changes";
export { changedMeanwhile } from "./changed-meanwhile";
export {
  findDrift,
  fixDrift,
  hasDrift,
  wayOutOf,
  type Drift,
  type Fix,
  type FoundDrift,
  type JobDrift,
  type WayOut,
} from "./drift";
export { fieldChanges, type FieldChange } from "./field-changes";
export { asUserError, lacksAllocations, placements, type GroupPlan, type JobPlan, type Planned } from "./job-plan";
export { learnStack } from "./learn";
export {
  AT_ONCE,
  consulChanges,
  hasChanges,
  planJobs,
  previewStack,
  type Clients,
  type Preview,
  type LeftoverPlan,
  type StrayPlan,
} from "./preview";
export { readPreviewFile } from "./preview-file";
export { register, type RegisterOptions } from "./register";
export { revertToProgram } from "./revert-to-program";
export { findRevert, type Revert, revertInWords, type RevertedJob, revertOf } from "./reverts";
export { readDrift, readPreview } from "./reports";
export { groupPlacementInWords } from "./node-demands";
export { newestRegistered, onlyScaled, withCountsOf } from "./scaled-counts";
export { refuseToStopInPlace, stopsInPlace } from "./stops-in-place";
export { RESTARTING, restartedBetween, withReaders } from "./template-readers";
export type { TemplateReader } from "./template-reads";
export { readTerraformPlan, type TerraformChange } from "./terraform-plan";
