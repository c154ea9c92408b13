import type { TerraformStack } from "cdktf";
import { UserError } from "../errors";
import { ANYTHING, checkProps, type PropKinds } from "../jobspec/host";
import { STACK_OWNERS, type StackOwner } from "../stack-record";

export type { StackOwner } from "../stack-record";

/**
 * The cluster that a stack is for; what is left out may be anything. It is checked before a command changes something on a cluster.
 *
 * Nomad 1.11 tells nobody its cluster's id, so a cluster is known by its address, its region and the Consul beside it.
 */
export interface StackCluster {
  /** Address of Nomad, as NOMAD_ADDR has it, without credentials; `*` stands for any characters, as in `https://nomad.*.example.com:4646`. Default: any. */
  readonly address?: string;
  /** The region of the Nomad that is asked, as NOMAD_REGION and its servers call it. Default: any. */
  readonly region?: string;
  /** The datacenter of the Consul that is asked. Default: any. */
  readonly consulDatacenter?: string;
  /**
   * The id of the Consul cluster: the first part of its trust domain, which `consul connect ca get-config` and `/v1/connect/ca/roots` print.
   * Default: any.
   *
   * @see https://developer.hashicorp.com/consul/api-docs/connect/ca#list-ca-root-certificates
   */
  readonly consulId?: string;
}

/** What they may be is judged where they are written: an empty text is none either. */
const CLUSTER: PropKinds<StackCluster> = {
  address: ANYTHING,
  region: ANYTHING,
  consulDatacenter: ANYTHING,
  consulId: ANYTHING,
};

/** Where it stands in the synthesized file: a comment to Terraform, which `cdk-nomad` reads. */
const PLACE = "//.cdk-nomad";
const OWNER = "cdk-nomad/owner";

/**
 * Says who brings a stack to its cluster.
 *
 * Default, where nobody says it: `cdk-nomad`.
 *
 * @example
 * setStackOwner(stack, "terraform");
 */
export function setStackOwner(stack: TerraformStack, owner: StackOwner): void {
  if (!STACK_OWNERS.includes(owner))
    throw UserError.at(
      stack.node.id,
      `"${String(owner)}" is no owner of a stack; write "terraform" or "cdk-nomad"`,
      "owner",
    );
  stack.addOverride(`${PLACE}.owner`, owner);
  stack.node.addMetadata(OWNER, owner);
}

/** Who brings a stack: whom somebody said last. */
export function stackOwner(stack: TerraformStack): StackOwner {
  const latest = stack.node.metadata.filter(({ type }) => type === OWNER).at(-1);
  return (latest?.data as StackOwner | undefined) ?? "cdk-nomad";
}

/**
 * Says which cluster a stack is for, so that no command brings it to another one.
 *
 * Default, where nobody says it: the one that it was brought to the last time, see the command's `--to-new-cluster`.
 *
 * @throws UserError for a property that there is not, since nothing would be checked then, and for one that is no text
 * @example
 * setStackCluster(stack, { address: "https://nomad.prod.example.com:4646", consulDatacenter: "eu-1" });
 */
export function setStackCluster(stack: TerraformStack, cluster: StackCluster): void {
  checkProps(cluster, stack.node.id, CLUSTER);
  for (const [name, value] of Object.entries(cluster as Readonly<Record<string, unknown>>)) {
    if (value === undefined) continue;
    if (typeof value !== "string" || value === "")
      throw UserError.at(stack.node.id, `${name} of its cluster is no text; write one, or leave it out`, "cluster");
    stack.addOverride(`${PLACE}.cluster.${name}`, value);
  }
}
