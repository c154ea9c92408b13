import { blockOf, bool, oneOf, text, texts, type PropsOf } from "../engine";
import { duration } from "../units";

const fields = {
  /**
   * Its name; the default identity has none.
   *
   * @default "default"
   */
  name: text("Name", { default: "default" }),
  /**
   * Whom the token is for.
   *
   * @default - Nomad itself
   */
  audience: texts("Audience", { hcl: "aud" }),
  /**
   * What the task is told when the token is renewed.
   *
   * @default - "noop", as the node takes it
   */
  changeMode: oneOf("ChangeMode", ["noop", "signal", "restart"], { judgedByRule: true }),
  /**
   * The signal, for `changeMode` `signal`.
   *
   * @default - none
   */
  changeSignal: text("ChangeSignal"),
  /**
   * Whether the token is in the task's environment.
   *
   * @default false
   */
  env: bool("Env"),
  /**
   * Whether the token is in the task's secrets directory.
   *
   * @default false
   */
  file: bool("File"),
  /**
   * Where the token's file is, relative to the task's directory.
   *
   * @default - in the secrets directory
   */
  filepath: text("Filepath", { since: "1.9" }),
  /**
   * The service it is for, on services.
   *
   * @default - none
   */
  serviceName: text("ServiceName"),
  /**
   * How long a token lives.
   *
   * @default - until the allocation ends
   */
  ttl: duration("TTL", { hcl: "ttl", lenient: true }),
  /**
   * Further claims of the token.
   *
   * @default - none
   */
  extraClaims: texts("ExtraClaims", { since: "2.0" }),
};

/** Properties of {@link Identity}. */
export interface IdentityProps extends PropsOf<typeof fields> {}

/**
 * A workload identity: a signed token (JWT) by which Consul, Vault and others know a workload.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/identity
 */
export class Identity extends blockOf({ api: "WorkloadIdentity", hcl: "identity", key: "name" }, fields) {
  constructor(props: IdentityProps = {}) {
    super(props);
  }
}
