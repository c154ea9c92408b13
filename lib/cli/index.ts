/** The command line. */
export { buildProgram } from "./program";
export { Terminal } from "./terminal";
