import { TerraformStack, type TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { ClusterConstruct } from "./cluster";
import { NomadJob } from "./nomad-job";

/**
 * Has Terraform bring what jobs need of their cluster before them, and take it away after them: the namespace and the node pool that a job names, the volumes
 * that its groups ask for, and the variables below its own path. What the program does not make is nobody's to order.
 *
 * @param scope the program
 */
export function orderJobs(scope: IConstruct): void {
  for (const stack of scope.node.findAll().filter((construct) => TerraformStack.isStack(construct))) {
    const all = stack.node.findAll();
    const around = all.filter((construct) => ClusterConstruct.isClusterConstruct(construct));
    if (around.length === 0) continue;
    for (const construct of all.filter((each) => NomadJob.isNomadJob(each))) {
      const before = around.filter((each) => each.isUsedBy(construct.job)).map(({ resource }) => addressOf(resource));
      if (before.length > 0) construct.dependsOn = [...new Set([...(construct.dependsOn ?? []), ...before])];
    }
    for (const each of around) orderAround(each, around);
  }
}

/** What is in a namespace comes after it. */
function orderAround(construct: ClusterConstruct, around: readonly ClusterConstruct[]): void {
  const before = around.filter((each) => each.holds(construct)).map(({ resource }) => addressOf(resource));
  const { resource } = construct;
  if (before.length > 0) resource.dependsOn = [...new Set([...(resource.dependsOn ?? []), ...before])];
}

/** What Terraform calls a resource. */
function addressOf({ terraformResourceType, friendlyUniqueId }: TerraformResource): string {
  return `${terraformResourceType}.${friendlyUniqueId}`;
}
