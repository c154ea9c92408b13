/** Notations that values of a job are written in, read as Nomad's own parsers read them. */
export { isTimeZone, wrongCron } from "./cron";
export { matchExpression, wrongExpression } from "./expressions";
export {
  replaceReferences,
  hasReference,
  HTTP_METHODS,
  isHostName,
  isServiceName,
  leavesAllocation,
  wrongCheckPath,
} from "./names";
export { isVersionConstraint } from "./versions";
