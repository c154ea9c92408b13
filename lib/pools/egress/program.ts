/** Where a guest finds its proxy, in QEMU's own network for one machine. */
export const EGRESS_ADDRESS = { host: "10.0.2.100", port: 3128 } as const;

/** The proxy's program, a file in the folder that `npm run browser-image` makes: `node egress.js --socket <path> [--allow <entry>]…`. */
export const EGRESS_PROGRAM = "egress.js";
