/**
 * What Nomad and Consul answer, one schema for each endpoint, as far as it is used here. The types are inferred from the schemas, so what
 * the compiler knows of an answer is what was checked when it came in.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs
 */
export * from "./agents";
export * from "./allocations";
export * from "./consul";
export * from "./deployments";
export * from "./diffs";
export * from "./evaluations";
export * from "./events";
export * from "./exec";
export * from "./jobs";
export * from "./log-frames";
export * from "./nodes";
export { list, mapOf, nothing, optionalText, ownAndOthers, text, type Word } from "./parts";
export { parseJson, readAnswer, unreadable, type AnswerSource } from "./read";
export * from "./variables";
