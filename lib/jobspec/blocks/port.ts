import { blockOf, bool, int, text, type PropsOf } from "../engine";

const fields = {
  /** The name by which services, checks and `NOMAD_PORT_<label>` know it. */
  label: text("Label", { required: true, nonEmpty: true, hcl: "", lenient: true }),
  /**
   * The port on the host, where it is not chosen by Nomad.
   *
   * @default - a free one between 20000 and 32000
   */
  static: int("Value", { min: 0, lenient: true }),
  /**
   * The port inside the task's network. -1 means the same as outside.
   *
   * @default - the same as outside
   */
  to: int("To", { min: -1, max: 65535, judgedByRule: true }),
  /**
   * The node's named network that it is taken from.
   *
   * @default "default"
   */
  hostNetwork: text("HostNetwork", { default: "default" }),
  /**
   * Whether several allocations on one node may claim the same static port (for SO_REUSEPORT).
   *
   * @default false
   */
  ignoreCollision: bool("IgnoreCollision", { since: "1.9" }),
};

/** Properties of {@link Port}. */
export interface PortProps extends PropsOf<typeof fields> {}

/**
 * A port of a group's network.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/network#port-parameters
 */
export class Port extends blockOf({ api: "Port", hcl: "port", key: "label" }, fields) {
  constructor(props: PortProps) {
    super(props);
  }

  /** The same port on every host. */
  static static(label: string, port: number, props: Omit<PortProps, "label" | "static"> = {}): Port {
    return new Port({ ...props, label, static: port });
  }

  /** A free port that Nomad chooses. */
  static dynamic(label: string, props: Omit<PortProps, "label" | "static"> = {}): Port {
    return new Port({ ...props, label });
  }
}
