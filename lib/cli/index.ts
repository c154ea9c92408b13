/** The command line. */
export { COMMANDS } from "./commands";
export { Interruption } from "./interruption";
export { runCli } from "./run";
export type { System } from "./system";
export { Terminal } from "./terminal";
