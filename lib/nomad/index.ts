/** Clients of Nomad's and Consul's HTTP APIs: they know servers, and nothing of stacks. */
export { consulConnection, nomadConnection, type Environment } from "./connections";
export { ConsulClient, type ConfigEntryJson, type KeyValue, type ServiceInstance } from "./consul-client";
export { ApiError, Http, type Connection, type RequestOptions } from "./http";
export { NomadClient, whereOf, type JobJson } from "./nomad-client";
export { isTokenRefused, isUnreachable, passingTrouble } from "./passing";
export { placementInWords } from "./placement";
export type * from "./types";
