/** What runs tasks: the drivers of Nomad with their configurations, one file each. */
export * from "./all";
export { Driver, type KnownDriver } from "./driver";
