/** How Nomad and Consul are reached: read from the variables that their own commands read, and nowhere else. */
export { basicHeader, socketOf, withoutCredentials } from "./address";
export type { BasicAuth, Connection, Proxy, RequestOptions, TlsSettings } from "./connection";
export { consulConnection, nomadConnection, secretsOf } from "./connections";
export { machineCas } from "./machine-cas";
export { proxyFor } from "./proxies";
export { SETTINGS, variableOf, withoutConnections, withServer, type Environment } from "./settings";
export { isThisMachine, isUsualLoopback } from "./this-machine";
export { tlsOptionsOf, trustOptionsOf, type TlsOptions } from "./tls-options";
