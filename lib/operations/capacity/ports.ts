import type { Demand } from "./demand";

/** Ports from one number to another, both of them included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The ports that a node gives out where a job asks for any: what a client has without a setting of its own.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/client#min_dynamic_port
 */
export const USUAL_DYNAMIC_PORTS: PortRange = { from: 20_000, to: 32_000 };

/** The ports of one address of a node. */
export interface AddressPorts {
  /** Those that a node gives out where a job asks for any. */
  readonly range: PortRange;
  /** Kept for others than Nomad. */
  readonly reserved: readonly PortRange[];
  /** Those that allocations have by their numbers. */
  readonly used: ReadonlySet<number>;
  /** How many of the range are left. */
  readonly dynamicLeft: number;
}

/** The ports of an address of which nothing is used yet. */
export function unusedPorts(range: PortRange = USUAL_DYNAMIC_PORTS, reserved: readonly PortRange[] = []): AddressPorts {
  const merged = disjoint(reserved);
  const kept = merged.reduce((sum, { from, to }) => {
    const both = Math.min(to, range.to) - Math.max(from, range.from) + 1;
    return sum + Math.max(0, both);
  }, 0);
  return { range, reserved: merged, used: new Set(), dynamicLeft: range.to - range.from + 1 - kept };
}

/** The same address with one port more in use. */
export function withUsed(ports: AddressPorts, port: number): AddressPorts {
  if (!isFree(ports, port)) return ports;
  const inRange = port >= ports.range.from && port <= ports.range.to;
  return { ...ports, used: new Set(ports.used).add(port), dynamicLeft: ports.dynamicLeft - (inRange ? 1 : 0) };
}

/** Reads what a node says of ports that it keeps for others: `22,80,8500-8600`. */
export function portRanges(text: string): readonly PortRange[] {
  return text.split(",").flatMap((part) => {
    const [, from, to = from] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? [];
    return from === undefined ? [] : [{ from: Number(from), to: Number(to) }];
  });
}

/**
 * The ports of a node once one more of a group has claimed its own there, the static ones first, as Nomad does; undefined where one is not to be had.
 *
 * @param addresses those of each host network: a port is claimed on the first of them that has it left
 */
export function claimed(
  { ports: statics, dynamicPorts }: Pick<Demand, "ports" | "dynamicPorts">,
  addresses: ReadonlyMap<string, readonly string[]>,
  ports: ReadonlyMap<string, AddressPorts>,
): ReadonlyMap<string, AddressPorts> | undefined {
  if (statics.length === 0 && dynamicPorts.size === 0) return ports;
  const left = new Map(ports);
  const first = (network: string, has: (of: AddressPorts) => boolean) =>
    (addresses.get(network) ?? []).flatMap((address) => {
      const of = left.get(address);
      return of && has(of) ? [{ address, of }] : [];
    })[0];
  for (const { port, network } of statics) {
    const found = first(network, (of) => isFree(of, port));
    if (!found) return undefined;
    left.set(found.address, withUsed(found.of, port));
  }
  for (const [network, count] of dynamicPorts) {
    for (let missing = count; missing > 0;) {
      const found = first(network, ({ dynamicLeft }) => dynamicLeft > 0);
      if (!found) return undefined;
      const taken = Math.min(missing, found.of.dynamicLeft);
      left.set(found.address, { ...found.of, dynamicLeft: found.of.dynamicLeft - taken });
      missing -= taken;
    }
  }
  return left;
}

function isFree({ used, reserved }: AddressPorts, port: number): boolean {
  return !used.has(port) && !reserved.some(({ from, to }) => port >= from && port <= to);
}

/** The same ranges, none of which has a port of another one. */
function disjoint(ranges: readonly PortRange[]): readonly PortRange[] {
  const found: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last && range.from <= last.to + 1)
      found[found.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else found.push(range);
  }
  return found;
}
