import type { Network, Service, Task, TaskGroup, Update } from "./blocks";
import type { JobBlock } from "./blocks/host";
import type { ApiOf } from "./engine";

// The JSON of Nomad's API, by the blocks' own definitions. Everything may be left out or null.

/** A job in API JSON. https://developer.hashicorp.com/nomad/api-docs/json-jobs */
export type JobApi = ApiOf<typeof JobBlock>;
/** A group of a job in API JSON. */
export type GroupApi = ApiOf<typeof TaskGroup>;
/** A task in API JSON. */
export type TaskApi = ApiOf<typeof Task>;
/** A service in API JSON. */
export type ServiceApi = ApiOf<typeof Service>;
/** A network of a group in API JSON. */
export type NetworkApi = ApiOf<typeof Network>;
/** An update block in API JSON; times in nanoseconds. */
export type UpdateApi = ApiOf<typeof Update>;
