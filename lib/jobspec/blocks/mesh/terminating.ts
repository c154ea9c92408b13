import { blockOf, blocks, text, type PropsOf } from "../../engine";

const serviceFields = {
  /** The service's name in Consul. */
  name: text("Name", { required: true }),
  /** File of the authorities that are trusted. @default - no TLS */
  caFile: text("CAFile", { hcl: "ca_file" }),
  /** File of the gateway's certificate. @default - none */
  certFile: text("CertFile"),
  /** File of its key. @default - none */
  keyFile: text("KeyFile"),
  /** The name asked for in TLS. @default - none */
  sni: text("SNI", { hcl: "sni" }),
};

/** Properties of {@link LinkedService}. */
export interface LinkedServiceProps extends PropsOf<typeof serviceFields> {}

/**
 * A service outside the mesh that a terminating gateway reaches.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#terminating-parameters
 */
export class LinkedService extends blockOf({ api: "ConsulLinkedService", hcl: "service", key: "name" }, serviceFields) {
  constructor(props: LinkedServiceProps) {
    super(props);
  }
}

const fields = {
  /** The services. */
  services: blocks("Services", () => LinkedService, { required: true, hcl: "service", nullElement: "none" }),
};

/** Properties of {@link TerminatingGateway}. */
export interface TerminatingGatewayProps extends PropsOf<typeof fields> {}

/**
 * Lets the mesh out to services that are not part of it.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway#terminating-parameters
 */
export class TerminatingGateway extends blockOf({ api: "ConsulTerminatingConfigEntry", hcl: "terminating" }, fields) {
  constructor(props: TerminatingGatewayProps) {
    super(props);
  }
}
