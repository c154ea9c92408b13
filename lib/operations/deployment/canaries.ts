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

/** How many canaries of each group are healthy, in words. */
export function canaryHealthInWords(deployment: Deployment): string {
  return canariesOf(deployment)
    .map(([name, { HealthyAllocs, DesiredCanaries }]) => `${name}: ${HealthyAllocs} of ${DesiredCanaries}`)
    .join(", ");
}
