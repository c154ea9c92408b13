/** Consul's service mesh: the blocks below `connect`. */
export * from "./all";
