import { object, text, writtenList } from "./parts";

/** What a Nomad agent says of itself. https://developer.hashicorp.com/nomad/api-docs/agent#query-self */
export const nomadAgent = object({ config: object({ Region: text }) });

/** Public keys of a region's servers. https://developer.hashicorp.com/nomad/api-docs/operator/keyring#list-active-public-keys */
export const signingKeys = object({ keys: writtenList(object({ kid: text })) });

/** What a Consul agent says of itself. https://developer.hashicorp.com/consul/api-docs/agent#read-configuration */
export const consulAgent = object({ Config: object({ Datacenter: text }) });

/** The roots of a Consul cluster's certificates. https://developer.hashicorp.com/consul/api-docs/connect/ca#list-ca-root-certificates */
export const certificateRoots = object({ TrustDomain: text });
