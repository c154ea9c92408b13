/** Nomad's HTTP API. */
export { NomadClient } from "./nomad-client";
export { whereOf } from "./where";
