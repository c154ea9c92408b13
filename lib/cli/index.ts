/** The command line. */
export { COMMANDS } from "./commands";
export { Interruption } from "./interruption";
export { runCli } from "./run";
export type { Surroundings } from "./surroundings";
export { Terminal } from "./terminal";
