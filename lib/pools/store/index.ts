/** Where leases are kept: Consul's KV store, or Nomad's variables, through one small interface. */
export { ConsulStore } from "./consul-store";
export { NomadStore } from "./nomad-store";
export { ABSENT, type Change, type ListOptions, type Snapshot, type Store, type StoredObject } from "./store";
