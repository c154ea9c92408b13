/** Clients of Nomad's and Consul's HTTP APIs: they know servers, and nothing of stacks. */
export type * from "./answers/index";
export { numberInName } from "./allocation-name";
export { apiPath, keyPath, type ApiPath } from "./api-path";
export { linesOf, sizeInWords, textOf, TooLargeError } from "./body";
export {
  consulConnection,
  isThisMachine,
  isUsualLoopback,
  nomadConnection,
  secretsOf,
  withoutCredentials,
  withoutConnections,
  withServer,
  type Connection,
  type Environment,
  type RequestOptions,
} from "./connection";
export { ConsulClient, type KeyChange, type KeyValue } from "./consul-client";
export {
  ApiError,
  isClosed,
  isConflict,
  isSilent,
  isStillSilent,
  isTokenRefused,
  isRegionUnreached,
  isUnreachable,
  messageOf,
  passingTrouble,
} from "./errors";
export { flattened } from "./error-tree";
export type { ExecOptions, ExecSession } from "./exec-session";
export { Http, type BlockingOptions } from "./http";
export { NomadClient, whereOf } from "./client";
export { isWrongServer } from "./identity";
export { launchesOthers } from "./job-kinds";
export { jobsNamed, parentOf, poolOfJob, slotsOf } from "./job-names";
export { LEAST_FROM_END, startOfFirst, type LogFrame } from "./log-frames";
export { lacksDrivers, placementInWords, unplacedInWords, type NodeDemands } from "./placement";
export { evaluated, purgeStopped, stopAndPurge } from "./purge";
export { sharedAnswer } from "./shared-answer";
export { tellsWhy } from "./task-events";
export { millisecondsOf, momentOf } from "./times";
export { inTransactions } from "./transactions";
export { dispatcherFor } from "./transport";
