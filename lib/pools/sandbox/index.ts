/** The sandbox server: the HTTP shapes that it speaks, and the command that starts it. The program itself is not loaded through this door. */
export { sandboxServerCommand } from "./program";
export * from "./protocol";
export { READ_TOKEN, TOKEN_FILE } from "./token";
