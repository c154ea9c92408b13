/** The HTTP service that hands the pools out. */
export type { ContainerClaim, ColdRun, Dependency, ContainerLease, PoolFigures, PoolKind, Pools } from "./pools";
export type { Browsers } from "./browsers";
export { createService, type Service, type ServiceLimits, type ServicePlugin, type ServiceOptions } from "./service";
export { ANSWER_HEADERS } from "./answer-headers";
export { documentHeaders } from "./document-headers";
export { ServedBrowsers, type BrowsersToServe } from "./served-browsers";
export { noteAudit, type AuditLine, type AuditOptions } from "./audit";
export { callerFrom, type Access } from "./authorize";
export { route, type RouteDefinition } from "./route";
export { jsonSchema } from "./schemas";
export type { ServiceParts } from "./service-parts";
export type { PoolSample } from "./schemas";
export { HttpProblem, PROBLEMS, type ProblemBody, type ProblemCode } from "./problem";
export { tokenFile, Tokens, type TokenSource } from "./token-source";
export { SCOPES, type Scope } from "./facts";
export { createToken, readTokens, TokenBook, tokenText, type Caller, type TokenLine } from "./tokens";
export {
  ServiceClient,
  serviceConnection,
  ServiceRefusal,
  type ServedContainer,
  type ServiceConnection,
} from "./client";
export { isLoopback, serve, type ListenOptions } from "./listen";
export { tokenVariable, type VariableReader } from "./variable-tokens";
export type { RunEvent } from "./schemas";
export type { LogLevel } from "./service";
export { clusterPools, type ClusterPoolsOptions } from "./cluster-pools";
export type { SlotPoolToServe } from "./served-pool";
