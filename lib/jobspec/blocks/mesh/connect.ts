import { block, blockOf, bool, type PropsOf } from "../../engine";
import { Gateway } from "./gateway";
import { SidecarService } from "./sidecar-service";
import { SidecarTask } from "./sidecar-task";

const fields = {
  /** Whether the service speaks to the mesh by itself. Not together with a sidecar. @default false */
  native: bool("Native"),
  /** A proxy beside the service. @default - none */
  sidecarService: block("SidecarService", () => SidecarService),
  /** Changes to the task that runs the proxy. @default - Envoy, as Nomad starts it */
  sidecarTask: block("SidecarTask", () => SidecarTask),
  /** Makes the service a gateway of the mesh. @default - none */
  gateway: block("Gateway", () => Gateway),
};

/** Properties of {@link Connect}. */
export interface ConnectProps extends PropsOf<typeof fields> {}

/**
 * Brings a service of a group into Consul's service mesh: by a sidecar, natively, or as a gateway.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/connect
 */
export class Connect extends blockOf({ api: "ConsulConnect", hcl: "connect" }, fields) {
  constructor(props: ConnectProps = {}) {
    super(props);
  }

  /** A proxy beside the service. */
  static sidecar(service: SidecarService = new SidecarService(), task?: SidecarTask): Connect {
    return new Connect({ sidecarService: service, sidecarTask: task });
  }

  /** The service speaks to the mesh by itself. */
  static native(): Connect {
    return new Connect({ native: true });
  }

  /** The service is a gateway. */
  static gateway(gateway: Gateway, task?: SidecarTask): Connect {
    return new Connect({ gateway, sidecarTask: task });
  }
}
