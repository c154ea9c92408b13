import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
// What nobody else is reached by: a system takes them for its own loopback.
LOOPBACK.addAddress("0.0.0.0", "ipv4");
LOOPBACK.addAddress("::", "ipv6");

/** Under which a system is reached that listens at 127.0.0.1, beside the names of localhost. */
const SAME = new Set(["127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:7f00:1", "::ffff:0:0"]);

/**
 * Whether a host of an address is this machine whatever a resolver says: loopback, the unspecified address, which a connection takes for loopback, and
 * `localhost` with what is below it (RFC 6761), with or without the dot of the root.
 *
 * @param hostname as `URL` has it: an address of IPv6 in brackets, one of IPv4 in four decimal numbers
 */
export function isThisMachine(hostname: string): boolean {
  const host = plain(hostname);
  const version = isIP(host);
  if (version === 0) return isLocalhost(host);
  // It takes an address of IPv4 within IPv6 for the one of IPv4.
  return LOOPBACK.check(host, version === 4 ? "ipv4" : "ipv6");
}

/** Whether a host of an address may be meant for whoever listens at 127.0.0.1. Others of 127.0.0.0/8 are other listeners. */
export function isUsualLoopback(hostname: string): boolean {
  const host = plain(hostname);
  return isLocalhost(host) || SAME.has(host);
}

function isLocalhost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

function plain(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
}
