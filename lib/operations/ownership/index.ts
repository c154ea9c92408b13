/** Which stack brought what, by the records of a cluster: what goes with a stack, and what stacks there are. */
export { destroy, type Destroyed, type DestroyOptions } from "./destroy";
export { findDestruction, type Destruction, type DoomedJob, type KeptThing } from "./destruction";
export { listStacks, type ListedJob, type ListedStack, type StackList } from "./listing";
