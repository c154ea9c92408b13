/** Workloads made of typed jobs. */
export { safeId } from "./common";
export * from "./hermes";
export * from "./polydev";
export * from "./prism";
