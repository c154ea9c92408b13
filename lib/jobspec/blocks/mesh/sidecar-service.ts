import { block, blockOf, bool, text, textMap, texts, type PropsOf } from "../../engine";
import { Proxy } from "./proxy";

const fields = {
  /** Tags of the proxy's own service. @default - the service's */
  tags: texts("Tags"),
  /** The label of the port on which the proxy listens. @default - a port of its own */
  port: text("Port"),
  /** What the proxy does. @default - it lets others in */
  proxy: block("Proxy", () => Proxy),
  /** Whether the proxy's own tcp check is left out. @default false */
  disableDefaultTcpCheck: bool("DisableDefaultTCPCheck", { hcl: "disable_default_tcp_check" }),
  /** Metadata of the proxy's own service. @default - none */
  meta: textMap("Meta"),
};

/** Properties of {@link SidecarService}. */
export interface SidecarServiceProps extends PropsOf<typeof fields> {}

/**
 * A mesh proxy beside a service.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/sidecar_service
 */
export class SidecarService extends blockOf({ api: "ConsulSidecarService", hcl: "sidecar_service" }, fields) {
  constructor(props: SidecarServiceProps = {}) {
    super(props);
  }
}
