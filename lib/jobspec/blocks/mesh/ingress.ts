import { block, blockOf, blocks, bool, int, text, textMap, texts, type PropsOf } from "../../engine";

const sdsFields = {
  /** The cluster of Envoy that has the certificates. @default - none */
  clusterName: text("ClusterName"),
  /** The certificate's name there. @default - none */
  certResource: text("CertResource"),
};

/** Properties of {@link GatewaySds}. */
export interface GatewaySdsProps extends PropsOf<typeof sdsFields> {}

/**
 * Certificates that Envoy fetches from a secret discovery service.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#ingress-parameters
 */
export class GatewaySds extends blockOf({ api: "ConsulGatewayTLSSDSConfig", hcl: "sds" }, sdsFields) {
  constructor(props: GatewaySdsProps = {}) {
    super(props);
  }
}

const tlsFields = {
  /** Whether TLS is on. @default false */
  enabled: bool("Enabled"),
  /** The oldest version of TLS, such as `TLSv1_2`. @default - Envoy's */
  tlsMinVersion: text("TLSMinVersion", { hcl: "tls_min_version" }),
  /** The newest version of TLS. @default - Envoy's */
  tlsMaxVersion: text("TLSMaxVersion", { hcl: "tls_max_version" }),
  /** Cipher suites. @default - Envoy's */
  cipherSuites: texts("CipherSuites"),
  /** Certificates from a secret discovery service. @default - Consul's */
  sds: block("SDS", () => GatewaySds),
};

/** Properties of {@link GatewayTls}. */
export interface GatewayTlsProps extends PropsOf<typeof tlsFields> {}

/**
 * TLS of an ingress gateway.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#ingress-parameters
 */
export class GatewayTls extends blockOf({ api: "ConsulGatewayTLSConfig", hcl: "tls" }, tlsFields) {
  constructor(props: GatewayTlsProps = {}) {
    super(props);
  }
}

const headerFields = {
  /** Headers that are added. @default - none */
  add: textMap("Add"),
  /** Headers that are set, in the place of those there. @default - none */
  set: textMap("Set"),
  /** Headers that are removed. @default - none */
  remove: texts("Remove"),
};

/** Properties of {@link HeaderModifiers}. */
export interface HeaderModifiersProps extends PropsOf<typeof headerFields> {}

/**
 * Changes to HTTP headers on their way through a gateway.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#ingress-parameters
 */
export class HeaderModifiers extends blockOf(
  // The same block under two names: the field of the block around it says which.
  { api: "ConsulHTTPHeaderModifiers", hcl: "request_headers" },
  headerFields,
) {
  constructor(props: HeaderModifiersProps = {}) {
    super(props);
  }
}

const serviceFields = {
  /** The service's name in Consul; `*` for all, where the protocol is not tcp. */
  name: text("Name", { required: true }),
  /** Host names under which it is reached. @default - `<name>.ingress.*` */
  hosts: texts("Hosts"),
  /** TLS for it. @default - the gateway's */
  tls: block("TLS", () => GatewayTls),
  /** Changes to headers of requests. @default - none */
  requestHeaders: block("RequestHeaders", () => HeaderModifiers),
  /** Changes to headers of responses. @default - none */
  responseHeaders: block("ResponseHeaders", () => HeaderModifiers),
  /** The most connections at a time. @default - Envoy's */
  maxConnections: int("MaxConnections", { min: 0, max: 4294967295, nullable: true }),
  /** The most requests that wait for a connection. @default - Envoy's */
  maxPendingRequests: int("MaxPendingRequests", { min: 0, max: 4294967295, nullable: true }),
  /** The most requests at a time. @default - Envoy's */
  maxConcurrentRequests: int("MaxConcurrentRequests", { min: 0, max: 4294967295, nullable: true }),
};

/** Properties of {@link IngressService}. */
export interface IngressServiceProps extends PropsOf<typeof serviceFields> {}

/**
 * A service that an ingress gateway lets others reach.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#ingress-parameters
 */
export class IngressService extends blockOf(
  { api: "ConsulIngressService", hcl: "service", key: "name" },
  serviceFields,
) {
  constructor(props: IngressServiceProps) {
    super(props);
  }
}

const listenerFields = {
  /** The port at which it listens. */
  port: int("Port", { required: true }),
  /** What it speaks: `tcp`, `http`, `http2` or `grpc`. @default - "tcp", as Consul takes it */
  protocol: text("Protocol"),
  /** The services behind it. */
  services: blocks("Services", () => IngressService, { required: true, hcl: "service" }),
};

/** Properties of {@link IngressListener}. */
export interface IngressListenerProps extends PropsOf<typeof listenerFields> {}

/**
 * A port of an ingress gateway.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#ingress-parameters
 */
export class IngressListener extends blockOf({ api: "ConsulIngressListener", hcl: "listener" }, listenerFields) {
  constructor(props: IngressListenerProps) {
    super(props);
  }
}

const fields = {
  /** TLS for all listeners. @default - none */
  tls: block("TLS", () => GatewayTls),
  /** The ports. */
  listeners: blocks("Listeners", () => IngressListener, { required: true, hcl: "listener" }),
};

/** Properties of {@link IngressGateway}. */
export interface IngressGatewayProps extends PropsOf<typeof fields> {}

/**
 * Lets others into the mesh.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#ingress-parameters
 */
export class IngressGateway extends blockOf({ api: "ConsulIngressConfigEntry", hcl: "ingress" }, fields) {
  constructor(props: IngressGatewayProps) {
    super(props);
  }
}
