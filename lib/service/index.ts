/** The HTTP service that hands the pools out. */
export type { ClaimOptions, ColdRun, Dependency, LeasedContainer, PoolFigures, Pools } from "./pools";
export { createService, type Service, type ServiceLimits, type ServiceOptions } from "./service";
export { PROBLEMS, type ProblemBody, type ProblemCode } from "./problem";
export { tokenFile, Tokens, type TokenSource } from "./token-source";
export {
  createToken,
  readTokens,
  SCOPES,
  TokenBook,
  tokenText,
  type Caller,
  type Scope,
  type TokenLine,
} from "./tokens";
