/** Assertions about synthesized stacks, for the tests of programs. */
export { Match } from "./match";
export { SynthesizedStack, type JobLike } from "./synthesized-stack";
