/** The blocks of a Nomad job, one file each. */
export * from "./all";
export * from "./mesh";
