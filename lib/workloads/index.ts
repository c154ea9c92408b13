/** Workloads made of typed jobs. */
export * from "./prism";
