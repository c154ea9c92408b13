import type { Construct } from "constructs";
import type { Job } from "../../jobspec";
import { objectOf, required, TEXTS, TEXT, TEXT_MAP, type PropKinds } from "../../jobspec/host";
import { requireProvider26 } from "../provider-version";
import { ClusterConstruct } from "./cluster-construct";
import { ProviderResource, type Attributes, type Blocks } from "./provider-resource";

/** Which node pools, or clusters of Vault or Consul, the jobs of a namespace may use. */
export interface AllowedOrDenied {
  /**
   * The one that a job uses which names none.
   *
   * @default "default"
   */
  readonly default?: string;
  /**
   * Those that its jobs may name.
   *
   * @default - all
   */
  readonly allowed?: readonly string[];
  /**
   * Those that its jobs may not name. Written in the place of `allowed`.
   *
   * @default - none
   */
  readonly denied?: readonly string[];
}

/** Which task drivers, or network modes, the jobs of a namespace may use. */
export interface EnabledOrDisabled {
  /**
   * Those that jobs may use.
   *
   * @default - all
   */
  readonly enabled?: readonly string[];
  /**
   * Those that jobs may not use.
   *
   * @default - none
   */
  readonly disabled?: readonly string[];
}

/** Properties of {@link NomadNamespace}. */
export interface NomadNamespaceProps {
  /** Its name, which jobs write as `namespace`: letters, digits and dashes. */
  readonly name: string;
  /**
   * What it is for, in at most 256 characters.
   *
   * @default - none
   */
  readonly description?: string;
  /**
   * Texts that people keep with it.
   *
   * @default - none
   */
  readonly meta?: Readonly<Record<string, string>>;
  /**
   * The task drivers of its jobs.
   *
   * @default - all
   */
  readonly drivers?: EnabledOrDisabled;
  /**
   * The network modes of its jobs, such as `bridge` and `host`.
   *
   * @default - all
   */
  readonly networkModes?: EnabledOrDisabled;
  /**
   * The node pools of its jobs, for Nomad Enterprise.
   *
   * @default - all, and `default` for jobs that name none
   */
  readonly nodePools?: AllowedOrDenied;
  /**
   * The Vault clusters of its jobs, for Nomad Enterprise. Needs release 2.6 of the provider, which the stack requires then.
   *
   * @default - all
   */
  readonly vault?: AllowedOrDenied;
  /**
   * The Consul clusters of its jobs, for Nomad Enterprise. Needs release 2.6 of the provider, which the stack requires then.
   *
   * @default - all
   */
  readonly consul?: AllowedOrDenied;
  /**
   * The quota that its jobs share, for Nomad Enterprise.
   *
   * @default - none
   */
  readonly quota?: string;
}

const ENABLED = objectOf<EnabledOrDisabled>({ enabled: TEXTS, disabled: TEXTS });
const ALLOWED = objectOf<AllowedOrDenied>({ default: TEXT, allowed: TEXTS, denied: TEXTS });

const KINDS: PropKinds<NomadNamespaceProps> = {
  name: required(TEXT),
  description: TEXT,
  meta: TEXT_MAP,
  drivers: ENABLED,
  networkModes: ENABLED,
  nodePools: ALLOWED,
  vault: ALLOWED,
  consul: ALLOWED,
  quota: TEXT,
};

/**
 * A namespace. The jobs of the stack that name it are brought after it, and taken away before it.
 *
 * @see https://developer.hashicorp.com/nomad/docs/govern/namespaces
 * @example
 * const team = new NomadNamespace(stack, "team", { name: "shop", drivers: { enabled: ["docker"] } });
 * new NomadJob(stack, "web", { job: job.with({ namespace: team.name }) });
 */
export class NomadNamespace extends ClusterConstruct {
  readonly resource: ProviderResource;
  /** Its name. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: NomadNamespaceProps) {
    super(scope, id, props, KINDS);
    const { name, description, meta, quota, drivers, networkModes, nodePools, vault, consul } = props;
    this.name = name;
    this.checkText(["name"], name, /^[a-zA-Z0-9-]{1,128}$/, "up to 128 letters, digits and dashes");
    if (name === "default")
      this.report(["name"], '"default" is there already, and cannot be taken away; write another');
    this.checkDescription(description);
    for (const [path, lists] of Object.entries({ nodePools, vault, consul })) this.checkEither([path], lists);
    if (vault ?? consul) requireProvider26(this);
    const blocks: Blocks = {
      capabilities:
        drivers || networkModes
          ? [
              {
                attributes: {
                  enabled_task_drivers: drivers?.enabled,
                  disabled_task_drivers: drivers?.disabled,
                  enabled_network_modes: networkModes?.enabled,
                  disabled_network_modes: networkModes?.disabled,
                },
              },
            ]
          : [],
      node_pool_config: allowedOrDenied(nodePools),
      vault_config: allowedOrDenied(vault),
      consul_config: allowedOrDenied(consul),
    };
    const attributes: Attributes = { name, description, quota, meta };
    this.resource = new ProviderResource(this, "namespace", "nomad_namespace", () => ({ attributes, blocks }));
  }

  /** @internal */
  override isUsedBy(job: Job): boolean {
    return job.namespace === this.name;
  }

  /** @internal */
  override holds(construct: ClusterConstruct): boolean {
    return construct.namespace === this.name;
  }
}

function allowedOrDenied(of: AllowedOrDenied | undefined) {
  return of ? [{ attributes: { default: of.default, allowed: of.allowed, denied: of.denied } }] : [];
}
