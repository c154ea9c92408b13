/** HCL with its variables, read by Nomad: by its own command, or by a server. */
export { commandParser, type CommandParserOptions } from "./command-parser";
export type { HclParser } from "./parser";
export { serverParser, type ServerParserOptions } from "./server-parser";
export type { HclVariables } from "./variables";
export { inSourceOrder } from "./source-order";
export { declaredValues } from "./declared-values";
