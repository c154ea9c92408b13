import { blockOf, bool, oneOf, text, texts, type PropsOf } from "../engine";

const fields = {
  /**
   * The Vault role that the workload's identity logs in with.
   *
   * @default - the cluster's default role
   */
  role: text("Role"),
  /**
   * Policies of the legacy way, where Nomad itself holds a Vault token.
   *
   * @default - none
   */
  policies: texts("Policies", { until: "1.10", deprecated: "role, with a workload identity" }),
  /**
   * The Vault namespace, for Vault Enterprise.
   *
   * @default - the cluster's
   */
  namespace: text("Namespace", { nullable: true, default: "" }),
  /**
   * The Vault cluster, for Nomad Enterprise.
   *
   * @default "default"
   */
  cluster: text("Cluster", { default: "default" }),
  /**
   * Whether `VAULT_TOKEN` is in the task's environment.
   *
   * @default true
   */
  env: bool("Env", { nullable: true, default: true }),
  /**
   * Whether the token is kept out of the task's secrets directory.
   *
   * @default false
   */
  disableFile: bool("DisableFile", { nullable: true, default: false }),
  /**
   * What the task is told when its token changes.
   *
   * @default "restart"
   */
  changeMode: oneOf("ChangeMode", ["noop", "restart", "signal"], { nullable: true, default: "restart" }),
  /**
   * The signal, for `changeMode` `signal`.
   *
   * @default "SIGHUP"
   */
  changeSignal: text("ChangeSignal", { nullable: true, default: "SIGHUP" }),
  /**
   * Whether the token may run out for a task that never renews it.
   *
   * @default false
   */
  allowTokenExpiration: bool("AllowTokenExpiration", { nullable: true, default: false }),
};

/** Properties of {@link Vault}. */
export interface VaultProps extends PropsOf<typeof fields> {}

/**
 * Lets a task, and its templates, read secrets from Vault.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/vault
 */
export class Vault extends blockOf({ api: "Vault", hcl: "vault" }, fields) {
  constructor(props: VaultProps = {}) {
    super(props);
  }

  /** With the workload's identity and a role: today's way. */
  static role(role: string, props: Omit<VaultProps, "role" | "policies"> = {}): Vault {
    return new Vault({ ...props, role });
  }

  /** With policies, where Nomad itself holds a Vault token: the legacy way. */
  static policies(...policies: readonly string[]): Vault {
    return new Vault({ policies });
  }
}
