import {
  block,
  blockOf,
  blocks,
  int,
  text,
  textMap,
  texts,
  type ApiObject,
  type ApiOf,
  type EffectiveOf,
  type Field,
  type Part,
  type Place,
  type PropsOf,
} from "../engine";
import { Port, type PortProps } from "./port";

// Its type is of one key.
const { json: _json, ...list } = blocks("DynamicPorts", () => Port, { nullElement: "empty" });

/**
 * Nomad's API keeps static and dynamic ports in two lists; a person writes one. What a server sends is put
 * back into the list it came from.
 */
const ports: Field<
  readonly (Port | PortProps)[],
  readonly Port[],
  false,
  Part<"ReservedPorts" | "DynamicPorts", readonly ApiOf<typeof Port>[], false, readonly EffectiveOf<typeof Port>[]>
> = {
  ...list,
  kind: "special",
  api: ["ReservedPorts", "DynamicPorts"],
  encode(values, out: ApiObject) {
    const reserved = values.filter((port) => isReserved(port));
    const dynamic = values.filter((port) => !isReserved(port));
    if (reserved.length > 0) out.ReservedPorts = reserved.map((port) => port.toApi());
    if (dynamic.length > 0) out.DynamicPorts = dynamic.map((port) => port.toApi());
  },
  element(values, index) {
    const reserved = isReserved(values[index] as Port);
    const before = values.slice(0, index).filter((port) => isReserved(port) === reserved);
    return [reserved ? "ReservedPorts" : "DynamicPorts", before.length];
  },
  hcl: (values) => values.map((port) => ({ block: "port", of: port })),
  decode(json, at: Place) {
    const reserved = list.decode({ DynamicPorts: json.ReservedPorts }, at);
    const dynamic = list.decode(json, at);
    if (reserved === undefined && dynamic === undefined) return undefined;
    return [...(reserved ?? []), ...(dynamic ?? [])];
  },
};

function isReserved(port: Port): boolean {
  return port.static !== undefined && port.static !== 0;
}

const dnsFields = {
  /**
   * Name servers.
   *
   * @default - the node's
   */
  servers: texts("Servers"),
  /**
   * Search domains.
   *
   * @default - the node's
   */
  searches: texts("Searches"),
  /**
   * Resolver options.
   *
   * @default - the node's
   */
  options: texts("Options"),
};

/** Properties of {@link Dns}. */
export interface DnsProps extends PropsOf<typeof dnsFields> {}

/**
 * Name resolution inside the group's network.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/network
 */
export class Dns extends blockOf({ api: "DNSConfig", hcl: "dns" }, dnsFields) {
  constructor(props: DnsProps = {}) {
    super(props);
  }
}

const cniFields = {
  /**
   * Arguments for the CNI plugins.
   *
   * @default - none
   */
  args: textMap("Args", { assigned: "always" }),
};

/** Properties of {@link Cni}. */
export interface CniProps extends PropsOf<typeof cniFields> {}

/**
 * Arguments for a CNI network.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/network
 */
export class Cni extends blockOf({ api: "CNIConfig", hcl: "cni" }, cniFields) {
  constructor(props: CniProps = {}) {
    super(props);
  }
}

const fields = {
  /**
   * `host` shares the node's network, `bridge` gives the group one of its own, `none` gives it none, and
   * `cni/<name>` asks a CNI configuration.
   *
   * @default - "host", as the node takes it
   */
  mode: text("Mode"),
  /**
   * Ports, static and dynamic.
   *
   * @default - none
   */
  ports,
  /**
   * The host name inside a bridge network.
   *
   * @default - the allocation's id
   */
  hostname: text("Hostname"),
  /**
   * Name resolution.
   *
   * @default - the node's
   */
  dns: block("DNS", () => Dns),
  /**
   * Arguments for a CNI network.
   *
   * @default - none
   */
  cni: block("CNI", () => Cni, { since: "1.9" }),
  /**
   * Bandwidth in Mbit/s. Nomad takes it and ignores it since 0.12.
   *
   * @default - none
   */
  mbits: int("MBits", { deprecated: "nothing; Nomad ignores it since 0.12", nullable: true }),
  /**
   * The node's network device.
   *
   * @default - the node's default
   */
  device: text("Device"),
  /**
   * The network in CIDR notation, as a server gives it.
   *
   * @default - none
   */
  cidr: text("CIDR"),
  /**
   * The address, as a server gives it.
   *
   * @default - none
   */
  ip: text("IP"),
};

/** Properties of {@link Network}. */
export interface NetworkProps extends PropsOf<typeof fields> {}

/**
 * The network that the tasks of a group share.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/network
 */
export class Network extends blockOf({ api: "NetworkResource", hcl: "network" }, fields) {
  constructor(props: NetworkProps = {}) {
    super(props);
  }

  /** The node's own network. */
  static host(...ports: readonly Port[]): Network {
    return new Network(ports.length > 0 ? { mode: "host", ports } : { mode: "host" });
  }

  /** A network of the group's own, with ports mapped into it. */
  static bridge(...ports: readonly Port[]): Network {
    return new Network(ports.length > 0 ? { mode: "bridge", ports } : { mode: "bridge" });
  }

  /** The same network with one more port. */
  withPort(port: Port | PortProps): this;
  /** The same network with the port of this label changed. */
  withPort(label: string, change: (port: Port) => Port): this;
  withPort(port: Port | PortProps | string, change?: (port: Port) => Port): this {
    return this.copyWithOne("ports", port, change);
  }
}
