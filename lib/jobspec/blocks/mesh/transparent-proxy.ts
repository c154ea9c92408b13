import { blockOf, bool, int, ints, text, texts, type PropsOf } from "../../engine";

const fields = {
  /** The user id of the proxy, whose own traffic is let through. @default - "101", as consul-cni takes it */
  uid: text("UID", { hcl: "uid" }),
  /** The port to which outgoing traffic is sent. @default - 15001, as consul-cni takes it */
  outboundPort: int("OutboundPort", { min: 0, max: 65535 }),
  /** Ports, numbers or labels, whose incoming traffic passes by the proxy. @default - none */
  excludeInboundPorts: texts("ExcludeInboundPorts"),
  /** Ports whose outgoing traffic passes by the proxy. @default - none */
  excludeOutboundPorts: ints("ExcludeOutboundPorts", { min: 0, max: 65535 }),
  /** Networks whose outgoing traffic passes by the proxy. @default - none */
  excludeOutboundCidrs: texts("ExcludeOutboundCIDRs", { hcl: "exclude_outbound_cidrs" }),
  /** User ids whose outgoing traffic passes by the proxy. @default - none */
  excludeUids: texts("ExcludeUIDs", { hcl: "exclude_uids" }),
  /** Whether names are not resolved through Consul. @default false */
  noDns: bool("NoDNS", { hcl: "no_dns" }),
};

/** Properties of {@link TransparentProxy}. */
export interface TransparentProxyProps extends PropsOf<typeof fields> {}

/**
 * Sends all of a task's traffic through the mesh, by rules of the network namespace.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/transparent_proxy
 */
export class TransparentProxy extends blockOf({ api: "ConsulTransparentProxy", hcl: "transparent_proxy" }, fields) {
  constructor(props: TransparentProxyProps = {}) {
    super(props);
  }
}
