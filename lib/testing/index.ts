/** Assertions about synthesized stacks, for the tests of programs. */
export { Match } from "./match";
export { Template, type JobLike } from "./template";
