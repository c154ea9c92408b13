import { anyMap, block, blockOf, int, text, type PropsOf } from "../../engine";

const gatewayFields = {
  /** Through which gateway: `none`, `local` or `remote`. @default - Consul's */
  mode: text("Mode"),
};

/** Properties of {@link MeshGateway}. */
export interface MeshGatewayProps extends PropsOf<typeof gatewayFields> {}

/**
 * How traffic reaches another datacenter.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/upstreams#mesh_gateway-parameters
 */
export class MeshGateway extends blockOf({ api: "ConsulMeshGateway", hcl: "mesh_gateway" }, gatewayFields) {
  constructor(props: MeshGatewayProps = {}) {
    super(props);
  }
}

const fields = {
  /** The service's name in Consul. */
  destinationName: text("DestinationName", { required: true, lenient: true }),
  /** The port at which the task finds it, on the address below. @default - must be given without a socket path */
  localBindPort: int("LocalBindPort"),
  /** The address at which the task finds it. @default - "127.0.0.1", as Consul takes it */
  localBindAddress: text("LocalBindAddress"),
  /** A Unix socket at which the task finds it, instead of a port. @default - none */
  localBindSocketPath: text("LocalBindSocketPath"),
  /** Permissions of the socket, in octal. @default - the proxy's */
  localBindSocketMode: text("LocalBindSocketMode"),
  /** Its Consul namespace, for Consul Enterprise. @default - the same */
  destinationNamespace: text("DestinationNamespace"),
  /** Its admin partition, for Consul Enterprise. @default - the same */
  destinationPartition: text("DestinationPartition"),
  /** Its cluster peer. @default - none */
  destinationPeer: text("DestinationPeer"),
  /** What the name means: `service` or `prepared_query`. @default - "service", as Consul takes it */
  destinationType: text("DestinationType"),
  /** Its datacenter. @default - the same */
  datacenter: text("Datacenter"),
  /** How its datacenter is reached. @default - Consul's */
  meshGateway: block("MeshGateway", () => MeshGateway),
  /** Settings of the proxy for it. @default - none */
  config: anyMap("Config"),
};

/** Properties of {@link Upstream}. */
export interface UpstreamProps extends PropsOf<typeof fields> {}

/**
 * A service of the mesh that the task reaches through its proxy.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/upstreams
 */
export class Upstream extends blockOf({ api: "ConsulUpstream", hcl: "upstreams", key: "destinationName" }, fields) {
  constructor(props: UpstreamProps) {
    super(props);
  }

  /** A service, found at a port of 127.0.0.1. */
  static to(
    destinationName: string,
    localBindPort: number,
    props: Omit<UpstreamProps, "destinationName" | "localBindPort"> = {},
  ): Upstream {
    return new Upstream({ ...props, destinationName, localBindPort });
  }
}
