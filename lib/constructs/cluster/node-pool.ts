import type { Construct } from "constructs";
import { Duration, type Job } from "../../jobspec";
import { ANYTHING, FLAG, objectOf, propKind, required, TEXT, TEXT_MAP, type PropKinds } from "../../jobspec/host";
import { requireProvider26 } from "../provider-version";
import { ClusterConstruct } from "./cluster-construct";
import { ProviderResource, type Attributes, type Blocks } from "./provider-resource";

/** Properties of {@link NomadNodePool}. */
export interface NomadNodePoolProps {
  /** Its name, which jobs and the configuration of nodes write: letters, digits, `-` and `_`. */
  readonly name: string;
  /**
   * What it is for.
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
   * How its nodes are filled, for Nomad Enterprise.
   *
   * @default - as the cluster's scheduler is set
   */
  readonly scheduler?: {
    /** `binpack` fills one node after another, `spread` all of them alike. */
    readonly algorithm?: "binpack" | "spread";
    /** Whether tasks may use more memory than they reserve. */
    readonly memoryOversubscription?: boolean;
  };
  /**
   * How long the identities of its nodes hold. Needs release 2.6 of the provider, which the stack requires then.
   *
   * @default - the server's
   */
  readonly nodeIdentityTtl?: Duration;
}

const KINDS: PropKinds<NomadNodePoolProps> = {
  name: required(TEXT),
  description: TEXT,
  meta: TEXT_MAP,
  scheduler: objectOf<NonNullable<NomadNodePoolProps["scheduler"]>>({
    algorithm: ANYTHING,
    memoryOversubscription: FLAG,
  }),
  nodeIdentityTtl: propKind((value) => value instanceof Duration, "a Duration", "Duration.hours(24)"),
};

/**
 * A node pool. The jobs of the stack that name it are brought after it. Nodes say themselves which pool they are of, in their configuration.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/node-pools
 * @example
 * const gpu = new NomadNodePool(stack, "gpu", { name: "gpu", description: "nodes with a graphics card" });
 * new NomadJob(stack, "train", { job: job.with({ nodePool: gpu.name }) });
 */
export class NomadNodePool extends ClusterConstruct {
  readonly resource: ProviderResource;
  /** Its name. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: NomadNodePoolProps) {
    super(scope, id, props, KINDS);
    const { name, description, meta, scheduler, nodeIdentityTtl } = props;
    this.name = name;
    this.checkText(["name"], name, /^[a-zA-Z0-9-_]{1,128}$/, "up to 128 letters, digits, dashes and underscores");
    if (name === "default" || name === "all")
      this.report(["name"], `"${name}" is there already, and cannot be changed; write another`);
    this.checkDescription(description);
    this.checkOneOf(["scheduler", "algorithm"], scheduler?.algorithm, ["binpack", "spread"]);
    if (nodeIdentityTtl) requireProvider26(this);
    const attributes: Attributes = { name, description, meta, node_identity_ttl: nodeIdentityTtl?.toString() };
    const { algorithm, memoryOversubscription } = scheduler ?? {};
    const blocks: Blocks = {
      scheduler_config: scheduler
        ? [
            {
              attributes: {
                scheduler_algorithm: algorithm,
                memory_oversubscription:
                  memoryOversubscription === undefined ? undefined : memoryOversubscription ? "enabled" : "disabled",
              },
            },
          ]
        : [],
    };
    this.resource = new ProviderResource(this, "pool", "nomad_node_pool", () => ({ attributes, blocks }));
  }

  /** @internal */
  override isUsedBy(job: Job): boolean {
    return job.nodePool === this.name;
  }
}
