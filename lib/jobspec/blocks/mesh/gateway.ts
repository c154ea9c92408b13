import { anyMap, block, blockMap, blockOf, bool, int, text, type PropsOf } from "../../engine";
import { duration } from "../../units";
import { IngressGateway } from "./ingress";
import { TerminatingGateway } from "./terminating";

const addressFields = {
  /** The address's name. */
  name: text("Name", { required: true, hcl: "", lenient: true }),
  /** The address. */
  address: text("Address", { required: true }),
  /** The port. */
  port: int("Port", { required: true }),
};

/** Properties of {@link GatewayBindAddress}. */
export interface GatewayBindAddressProps extends PropsOf<typeof addressFields> {}

/**
 * An address at which a gateway listens.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway
 */
export class GatewayBindAddress extends blockOf(
  { api: "ConsulGatewayBindAddress", hcl: "envoy_gateway_bind_addresses", key: "name" },
  addressFields,
) {
  constructor(props: GatewayBindAddressProps) {
    super(props);
  }
}

const proxyFields = {
  /** How long a connection to an upstream may take. @default Duration.seconds(5) */
  connectTimeout: duration("ConnectTimeout", { negative: true, nullable: true, default: 5e9 }),
  /** Whether it listens at the service's tagged addresses too. @default false */
  envoyGatewayBindTaggedAddresses: bool("EnvoyGatewayBindTaggedAddresses"),
  /** Addresses at which it listens. @default - the service's address */
  envoyGatewayBindAddresses: blockMap("EnvoyGatewayBindAddresses", () => GatewayBindAddress),
  /** Whether it does not listen at the service's address. @default false */
  envoyGatewayNoDefaultBind: bool("EnvoyGatewayNoDefaultBind"),
  /** How names of upstreams are resolved: `STRICT_DNS` or `LOGICAL_DNS`. @default - "LOGICAL_DNS", as Envoy takes it */
  envoyDnsDiscoveryType: text("EnvoyDNSDiscoveryType", { hcl: "envoy_dns_discovery_type" }),
  /** Settings of Envoy. @default - none */
  config: anyMap("Config"),
};

/** Properties of {@link GatewayProxy}. */
export interface GatewayProxyProps extends PropsOf<typeof proxyFields> {}

/**
 * How a gateway's Envoy listens and connects.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway
 */
export class GatewayProxy extends blockOf({ api: "ConsulGatewayProxy", hcl: "proxy" }, proxyFields) {
  constructor(props: GatewayProxyProps = {}) {
    super(props);
  }
}

/** Properties of {@link MeshGatewayEntry}. */
export interface MeshGatewayEntryProps extends PropsOf<Record<never, never>> {}

/**
 * Says that a gateway is one between datacenters; it has no settings.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway
 */
export class MeshGatewayEntry extends blockOf({ api: "ConsulMeshConfigEntry", hcl: "mesh" }, {}) {
  constructor(props: MeshGatewayEntryProps = {}) {
    super(props);
  }
}

const fields = {
  /** How its Envoy listens and connects. @default - Nomad's */
  proxy: block("Proxy", () => GatewayProxy),
  /** Lets others into the mesh. @default - no ingress gateway */
  ingress: block("Ingress", () => IngressGateway),
  /** Lets the mesh out to services that are not part of it. @default - no terminating gateway */
  terminating: block("Terminating", () => TerminatingGateway),
  /** Connects datacenters. @default - no mesh gateway */
  mesh: block("Mesh", () => MeshGatewayEntry),
};

/** Properties of {@link Gateway}. */
export interface GatewayProps extends PropsOf<typeof fields> {}

/**
 * A gateway of the mesh: ingress, terminating or mesh, exactly one.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway
 */
export class Gateway extends blockOf({ api: "ConsulGateway", hcl: "gateway" }, fields) {
  constructor(props: GatewayProps) {
    super(props);
  }

  /** Lets others into the mesh. */
  static ingress(ingress: IngressGateway, proxy?: GatewayProxy): Gateway {
    return new Gateway({ ingress, proxy });
  }

  /** Lets the mesh out to services that are not part of it. */
  static terminating(terminating: TerminatingGateway, proxy?: GatewayProxy): Gateway {
    return new Gateway({ terminating, proxy });
  }

  /** Connects datacenters. */
  static mesh(proxy?: GatewayProxy): Gateway {
    return new Gateway({ mesh: new MeshGatewayEntry(), proxy });
  }
}
