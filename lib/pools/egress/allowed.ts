import type { BlockList } from "node:net";
import { addressFrom, listOf, type Address, type AddressKind } from "./addresses";

/** The ports that are opened where nothing else is said: those of the web. */
const WEB_PORTS: readonly number[] = [80, 443];

/** What somebody allowed beside public addresses: a name, an address or a network, each at some ports. */
export type Allowed = { readonly ports: readonly number[] } & (
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "network"; readonly network: BlockList }
);

const ENTRY =
  /^(?:\[(?<six>[\da-f.]*:[\da-f:.]+)(?:\/(?<sixLength>\d{1,3}))?\]|(?<host>[a-z\d.-]+)(?:\/(?<length>\d{1,2}))?)(?::(?<port>\d{1,5}))?$/;
const NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/;

/**
 * Reads an entry of a list of what is allowed: `login.corp`, `login.corp:8443`, `10.1.0.0/16`, `10.1.2.3:8080`, `[fd00::1]:443` or `[fd00::/8]`. Without a
 * port it is of 80 and 443.
 *
 * @returns undefined where it is none
 */
export function parseAllowed(text: string): Allowed | undefined {
  const { six, sixLength, host = "", length, port } = ENTRY.exec(text.toLowerCase())?.groups ?? {};
  const ports = port === undefined ? WEB_PORTS : [Number(port)];
  if (ports.some((each) => each < 1 || each > 65_535)) return undefined;
  const address = addressFrom(six ?? host);
  const bits = sixLength ?? length;
  if (address === undefined) {
    // What ends in a number is no name: resolvers take it for an address.
    const isName = six === undefined && bits === undefined && NAME.test(host) && !/(?:^|\.)\d+$/.test(host);
    return isName ? { kind: "name", name: host, ports } : undefined;
  }
  if (bits === undefined) return { kind: "address", address: address.address, ports };
  const isOfSix = six !== undefined;
  if (isOfSix !== (address.family === 6) || Number(bits) > (isOfSix ? 128 : 32)) return undefined;
  return { kind: "network", network: listOf([`${address.address}/${bits}`]), ports };
}

/** A place that somebody wants to connect to. */
export interface Place {
  /** The name or the address that was asked for. */
  readonly host: string;
  readonly port: number;
}

/**
 * Whether a connection for a place may go to an address. What the node itself is, by its loopback, its own addresses or those that hold for its link alone
 * (where clouds give out credentials), is opened where the very address was allowed, and by no name and no network.
 */
export function isAllowed(
  { host, port }: Place,
  address: Address,
  kind: AddressKind,
  all: readonly Allowed[],
): boolean {
  const entries = all.filter(({ ports }) => ports.includes(port));
  if (entries.some((entry) => entry.kind === "address" && entry.address === address.address)) return true;
  if (kind === "loopback" || kind === "link-local" || kind === "own") return false;
  if (kind === "public" && WEB_PORTS.includes(port)) return true;
  return entries.some((entry) => {
    if (entry.kind === "name") return entry.name === host.replace(/\.$/, "").toLowerCase();
    return entry.kind === "network" && entry.network.check(address.address, `ipv${address.family}`);
  });
}
