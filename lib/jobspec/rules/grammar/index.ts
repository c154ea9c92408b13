/** Notations that values of a job are written in, read as Nomad's own parsers read them. */
export { isTimeZone, wrongCron } from "./cron";
export { matchExpression, wrongExpression } from "./expressions";
export {
  fillReferences,
  hasReference,
  HTTP_METHODS,
  isHostName,
  isServiceName,
  leavesAllocation,
  wrongCheckPath,
} from "./names";
export { isVersionConstraint } from "./versions";
