/** The way of a browser's machine to the network: a proxy that opens public addresses, and what somebody allowed beside them. The program itself is not loaded through this door. */
export { parseAllowed } from "./allowed";
export { EGRESS_ADDRESS, EGRESS_PROGRAM } from "./program";
