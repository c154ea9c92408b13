/** The command line. */
export { COMMANDS } from "./commands";
export { Interruption } from "./interruption";
export { runCli } from "./run";
export type { Host } from "./host";
export { Terminal } from "./terminal";
