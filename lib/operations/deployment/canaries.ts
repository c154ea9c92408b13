import type { AllocationStub, Deployment, JobJson } from "../../nomad";
import type { Reason } from "./reason";
import { allocationReasons } from "./reasons";
import { relapseReasons } from "./relapse";

/** Whether every canary is healthy, every group without canaries is done, and somebody has to say that it goes on. */
export function waitsForPromotion(deployment: Deployment): boolean {
  const groups = Object.values(deployment.TaskGroups ?? {});
  const canaries = groups.filter((group) => group.DesiredCanaries > 0 && !group.Promoted);
  const rest = groups.filter((group) => group.DesiredCanaries === 0);
  return (
    canaries.length > 0 &&
    canaries.every((group) => !group.AutoPromote && group.HealthyAllocs >= group.DesiredCanaries) &&
    rest.every((group) => group.HealthyAllocs >= group.DesiredTotal)
  );
}

/** Groups with canaries that somebody has to promote. */
export function canariesOf(deployment: Deployment) {
  return Object.entries(deployment.TaskGroups ?? {}).filter(
    ([, { DesiredCanaries, Promoted, AutoPromote }]) => DesiredCanaries > 0 && !Promoted && !AutoPromote,
  );
}

/** Whether all of these canaries are healthy. */
export function canariesHealthy(deployment: Deployment): boolean {
  return canariesOf(deployment).every(([, { HealthyAllocs, DesiredCanaries }]) => HealthyAllocs >= DesiredCanaries);
}

/**
 * What has become of canaries since Nomad found them healthy, which it says of them from then on: that they ended, or that they ended and run again. Empty where
 * they run as they did.
 *
 * @param answered when the allocations were as they are here, by the server's own clock; undefined where that is not known
 */
export function canaryRelapses(
  job: JobJson,
  deployment: Deployment,
  { allocations, answered }: { readonly allocations: readonly AllocationStub[]; readonly answered: number | undefined },
): readonly Reason[] {
  return canariesOf(deployment).flatMap(([group, { DesiredCanaries: desired }]) => {
    const canaries = allocations.filter(
      ({ TaskGroup, JobVersion, DeploymentStatus, DesiredStatus }) =>
        TaskGroup === group &&
        JobVersion === deployment.JobVersion &&
        DeploymentStatus?.Canary === true &&
        DesiredStatus === "run",
    );
    const relapses = relapseReasons(job, canaries, answered);
    const running = canaries.filter(({ ClientStatus }) => ClientStatus === "running").length;
    if (running >= desired) return relapses;
    const message = `${running} of ${desired} ${desired === 1 ? "canary" : "canaries"} of group "${group}" ${running === 1 ? "runs" : "run"}`;
    return [{ kind: "count", group, message }, ...allocationReasons(job, canaries), ...relapses];
  });
}

/** How many canaries of each group are healthy, in words. */
export function canaryHealthInWords(deployment: Deployment): string {
  return canariesOf(deployment)
    .map(([name, { HealthyAllocs, DesiredCanaries }]) => `${name}: ${HealthyAllocs} of ${DesiredCanaries}`)
    .join(", ");
}
