/** Workloads made of typed jobs. */
export { IMAGE_TAG, imagesOf, STAND_IN } from "./common";
export * from "./hermes";
export * from "./polydev";
export * from "./prism";
