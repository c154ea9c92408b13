import { mistake, UserError } from "../../errors";
import { countIn } from "../../jobspec/host";
import type { AllocationStub, Deployment, JobJson, NomadClient } from "../../nomad";
import type { GroupPlan, JobPlan, Planned } from "./plans";
import { groupsOf } from "./scaled-counts";

/**
 * Adds to a plan what it does not say: Nomad counts an allocation that failed, and that it does not replace just now, as if it ran. Where a count falls, it stops
 * as many that run as failed, and nothing takes their place (`computeStop` of its scheduler). Where all of a group is replaced anyway, so is what failed.
 */
export async function withStopsInPlace(plan: JobPlan, job: JobJson, nomad: NomadClient): Promise<JobPlan> {
  if (plan.change !== "update" || !plan.groups.some(mayStop)) return plan;
  const client = nomad.where(job);
  const [allocations, deployments] = await Promise.all([client.allocations(job.ID), client.deployments(job.ID)]);
  const counts = new Map(groupsOf(job).map((group) => [group.Name, countIn(group)] as const));
  const canaries = unpromoted(deployments);
  const groups = plan.groups.map((group) => {
    if (!mayStop(group)) return group;
    const own = allocations.filter(({ ID, TaskGroup, DesiredStatus }) => {
      return TaskGroup === group.name && DesiredStatus === "run" && !canaries.has(ID);
    });
    return withCounted(group, own, counts.get(group.name) ?? 0);
  });
  return { ...plan, groups, warnings: [...plan.warnings, ...groups.flatMap(inWords)] };
}

/** Whether running allocations of a group may be stopped without others in their place. Of what is replaced, what failed is replaced too. */
function mayStop({ stop, create, replace }: GroupPlan): boolean {
  return stop > 0 && create + replace === 0;
}

/** The canaries that nobody promoted: a registration ends them in any case. */
function unpromoted(deployments: readonly Deployment[]): ReadonlySet<string> {
  const groups = deployments.flatMap(({ TaskGroups }) => Object.values(TaskGroups ?? {}));
  return new Set(groups.flatMap(({ Promoted, PlacedCanaries }) => (Promoted ? [] : PlacedCanaries)));
}

function withCounted(group: GroupPlan, own: readonly AllocationStub[], count: number): GroupPlan {
  const failed = own.filter(({ ClientStatus, NextAllocation }) => ClientStatus === "failed" && !NextAllocation).length;
  const running = own.filter(({ ClientStatus }) => ClientStatus === "running" || ClientStatus === "pending").length;
  if (failed === 0) return group;
  const left = running - Math.min(running, Math.max(0, failed + running - count));
  const stopsInPlace = Math.max(0, Math.min(count, running) - left);
  const unchanged = Math.max(0, group.unchanged - failed);
  return { ...group, unchanged, missing: failed, ...(stopsInPlace > 0 ? { stopsInPlace } : {}) };
}

function inWords({ name, missing = 0, stopsInPlace = 0 }: GroupPlan): readonly string[] {
  if (stopsInPlace === 0) return [];
  return [
    `allocations of group "${name}" failed (${missing}), which Nomad counts as if they ran: it stops ${stopsInPlace} in their place that ${stopsInPlace === 1 ? "runs" : "run"}`,
  ];
}

/** Whether a registration would stop allocations that run in the place of others that failed. */
export function stopsInPlace({ groups }: Pick<JobPlan, "groups">): boolean {
  return groups.some(({ stopsInPlace: count = 0 }) => count > 0);
}

/**
 * Refuses changes with which Nomad would stop what runs in the place of what failed.
 *
 * @param options `force`: whether that is meant all the same. Default: false
 * @throws UserError with every group of which that is so, and the ways out
 */
export function refuseToStopInPlace(
  planned: readonly Pick<Planned, "plan" | "job">[],
  { force = false }: { readonly force?: boolean },
): void {
  if (force) return;
  const problems = planned.flatMap(({ plan, job }) => {
    const counts = new Map(groupsOf(job).map((group) => [group.Name, countIn(group)] as const));
    return plan.groups.flatMap((group) => {
      const { name, stopsInPlace: stops = 0, missing = 0 } = group;
      if (stops === 0) return [];
      const count = counts.get(name) ?? 0;
      const message = `${inWords(group).join("")}, so that ${count - stops} of ${count} would be left; keep the count that it has now (${count + missing} or more), or let Nomad stop what runs and place it anew: cdk-nomad deploy ENV --force`;
      return [mistake(plan.path, message, "stops-in-place")];
    });
  });
  if (problems.length > 0) throw new UserError(problems);
}
