/** Which stack brought what, by the records of a cluster: strays, jobs of others, what goes with a stack, and what stacks there are. */
export { refuseOthersJobs, type AdoptionOptions } from "./adoption";
export { removeLeftovers, sparedKeys } from "./clear-consul";
export { destroy, type Destroyed, type DestroyOptions } from "./destroy";
export { findDestruction, type Destruction, type DestructionOptions, type DoomedJob } from "./destruction";
export { isRegisteredFor } from "./evidence";
export { findLeftovers, type FoundLeftovers, type KeptInConsul } from "./leftovers";
export { listStacks, type ListedJob, type ListedStack, type StackList } from "./listing";
export { JobNames, knownBy, ownerOf, placeOf, readOwners, stackName, type Owners } from "./owners";
export {
  changedValues,
  judgeRemains,
  neededBy,
  type JudgedRemains,
  type JudgingOptions,
  type Remaining,
} from "./pruning-rules";
export {
  findStrays,
  foreignJobs,
  stopStrays,
  type ForeignJob,
  type FoundStrays,
  type KeptStray,
  type Stray,
} from "./strays";
export { type KeptThing } from "./unrecorded";
