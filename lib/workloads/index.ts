/** Workloads made of typed jobs, with what they need of Consul. */
export * from "./polydev";
export * from "./prism";
