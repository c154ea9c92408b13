/** Assertions about synthesized stacks, for the tests of programs. */
export { Template, type JobLike } from "./template";
