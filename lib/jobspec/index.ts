/** The model of a Nomad job: blocks as classes, units as types, and what a server would say of them. */
export * from "./blocks";
export * from "./drivers";
export { RULES, type RuleId, type RuleInfo } from "./catalog";
export { Block, type JobProblem } from "./engine";
export type { ApiObject, BlockOptions, Resolvable } from "./engine";
export { Job } from "./job";
export type { Target } from "./rules";
export { Secret } from "./secret";
export { Cpu, Duration, Memory } from "./units";
