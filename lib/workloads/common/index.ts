/** What workloads share. */
export { safeId, safeMeta } from "./safe-id";
export { coreShare } from "./share";
export { standInCommand } from "./stand-in";
export { STAND_IN } from "./stand-in-mark";
