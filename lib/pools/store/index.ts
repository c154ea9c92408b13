/** Where leases are kept: Consul's KV store, or Nomad's variables, through one small interface. */
export { ABSENT, type Snapshot, type Store, type StoredObject } from "./store";
