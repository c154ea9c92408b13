import type { Deployment } from "../../nomad";

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
