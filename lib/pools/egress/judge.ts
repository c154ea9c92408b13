import { addressFrom, kindOf, type Address, type AddressKind } from "./addresses";
import { isAllowed, type Allowed, type Place } from "./allowed";

/** What a judge needs to know of its surroundings. */
export interface JudgeOptions {
  /** The addresses of a name. @throws where it has none */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** The node's own addresses, as they are now. */
  readonly own: () => readonly string[];
  readonly allowed: readonly Allowed[];
}

/** The addresses to which a connection may go, one at least; or why there are none. */
export type Verdict =
  | { readonly kind: "open"; readonly addresses: readonly [Address, ...Address[]] }
  | { readonly kind: "refused"; readonly why: AddressKind }
  | { readonly kind: "unknown" };

/**
 * Judges where a connection would go: a name is resolved once, and what is connected to are the very addresses that were judged, so that a name which has
 * another address a moment later leads nowhere else.
 */
export async function judge(place: Place, { resolve, own, allowed }: JudgeOptions): Promise<Verdict> {
  const addresses = await addressesOf(place.host, resolve);
  const ownNow = new Set(own().map((text) => addressFrom(text)?.address));
  const judged = addresses.map((address) => ({
    address,
    kind: ownNow.has(address.address) ? ownKind(address) : kindOf(address),
  }));
  const [first, ...others] = judged
    .filter(({ address, kind }) => isAllowed(place, address, kind, allowed))
    .map(({ address }) => address);
  if (first) return { kind: "open", addresses: [first, ...others] };
  const [refused] = judged;
  return refused ? { kind: "refused", why: refused.kind } : { kind: "unknown" };
}

/** The node's own addresses have its loopback and its link among them, which have words of their own. */
function ownKind(address: Address): AddressKind {
  const kind = kindOf(address);
  return kind === "loopback" || kind === "link-local" ? kind : "own";
}

async function addressesOf(host: string, resolve: JudgeOptions["resolve"]): Promise<readonly Address[]> {
  const literal = addressFrom(host);
  if (literal) return [literal];
  const found = await resolve(host).catch(() => []);
  return found.map(addressFrom).filter((address) => address !== undefined);
}
