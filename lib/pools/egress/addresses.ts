import { BlockList, isIP } from "node:net";

/**
 * Whose an address is. `own` is one of the node itself; `private` are networks of one's own, those of carriers among them; `reserved` is everything else
 * that is nobody's on the internet.
 */
export type AddressKind = "public" | "loopback" | "link-local" | "own" | "private" | "reserved";

/** An address in its one spelling. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Ranges that are not on the internet, each with what it is; the first that has an address counts.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const RANGES: readonly (readonly [AddressKind, ...string[]])[] = [
  // A connection to 0.0.0.0 or :: is one to the machine itself.
  ["loopback", "0.0.0.0/8", "127.0.0.0/8", "::/127"],
  ["link-local", "169.254.0.0/16", "fe80::/10"],
  ["private", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"],
  ["reserved", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24"],
  ["reserved", "203.0.113.0/24", "224.0.0.0/3"],
  // Some of these hold an address of IPv4, which a gateway would go on to.
  ["reserved", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
  ["public", "0.0.0.0/0", "2000::/3"],
];
const LISTS = RANGES.map(([kind, ...ranges]) => [kind, listOf(ranges)] as const);

/** What an address is, which is none of the node's own. */
export function kindOf({ address, family }: Address): AddressKind {
  return LISTS.find(([, list]) => list.check(address, `ipv${family}`))?.[0] ?? "reserved";
}

/** An address in its one spelling, whichever it was written in: one of IPv4 that is written as one of IPv6 is that of IPv4. @returns undefined for what is no address */
export function addressFrom(text: string): Address | undefined {
  const [plain = ""] = text.split("%");
  const family = isIP(plain);
  if (family === 4) return { address: plain, family: 4 };
  if (family !== 6) return undefined;
  const spelled = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(spelled) ?? [];
  if (high === undefined || low === undefined) return { address: spelled, family: 6 };
  const bytes = [high, low].flatMap((half) => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 255]);
  return { address: bytes.join("."), family: 4 };
}

/** A list of networks, such as `10.0.0.0/8`. */
export function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", length] = network.split("/");
    // A colon tells them apart; the expression of `isIPv6` takes ten milliseconds to be made, for every program that loads this.
    list.addSubnet(address, Number(length), address.includes(":") ? "ipv6" : "ipv4");
  }
  return list;
}
