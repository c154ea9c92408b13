/** Who may do what on a cluster: keys, certificates, tokens, and the policies of Nomad and Consul. */
export { Acl, consulOf, nomadOf, type Guarded } from "./acl";
export { makeClusterKeys, readClusterKeys, type ClusterKeys } from "./cluster-keys";
export { CONSUL_AUDIENCE, type JobAcl } from "./consul-acl";
export { identityKeys } from "./identity-keys";
export { writeLoginPage } from "./login-page";
export {
  makeTokens,
  readTokens,
  removeTokens,
  renewNomadToken,
  tokenFileOf,
  tokensFolder,
  type Tokens,
} from "./tokens";
