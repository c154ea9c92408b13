import { blockOf, text, type PropsOf } from "../engine";

const fields = {
  /**
   * The Consul namespace, for Consul Enterprise.
   *
   * @default - the agent's
   */
  namespace: text("Namespace"),
  /**
   * The Consul cluster, for Nomad Enterprise.
   *
   * @default "default"
   */
  cluster: text("Cluster", { default: "default" }),
  /**
   * The Consul admin partition, for Consul Enterprise.
   *
   * @default - the agent's
   */
  partition: text("Partition"),
};

/** Properties of {@link Consul}. */
export interface ConsulProps extends PropsOf<typeof fields> {}

/**
 * Which Consul a group or task talks to.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/consul
 */
export class Consul extends blockOf({ api: "Consul", hcl: "consul" }, fields) {
  constructor(props: ConsulProps = {}) {
    super(props);
  }
}
