/** For the model around the blocks: what a job consists of, and what several blocks have in common. */
export { JobBlock } from "./job";
export { mergeNew } from "./merge";
export { COMPARISONS, SET_OPERATORS } from "./operators";
