/** What is done with a synthesized program and a cluster. */
export * from "./capacity";
export * from "./deployment";
export * from "./files";
export * from "./hcl";
export * from "./identity";
export * from "./ownership";
export * from "./plan";
export * from "./record";
export * from "./stack";
