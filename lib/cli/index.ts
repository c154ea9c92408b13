/** The command line. */
export { buildProgram } from "./program";
