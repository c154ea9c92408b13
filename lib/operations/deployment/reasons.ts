import { type AllocationStub, type Deployment, type JobJson, type PlacementFailure } from "../../nomad";
import { groupPlacementInWords } from "../plan";
import { endedBadly } from "./deployment-status";
import type { FailingCheck } from "./failing-checks";
import type { Reason } from "./reason";
import { newestAllocations } from "./newest-allocations";
import { taskReason } from "./task-reasons";

/** The scheduler has not decided yet what becomes of a change. */
export const NOT_EVALUATED: Reason = { kind: "evaluation", message: "Nomad's scheduler has not evaluated it yet" };

/** What Nomad says of a deployment that failed, or that a newer one took the place of. */
export function deploymentReasons(deployment: Deployment | undefined): readonly Reason[] {
  if (!deployment || !endedBadly(deployment)) return [];
  const { JobVersion, Status, StatusDescription } = deployment;
  const end = Status === "failed" ? "failed" : "was cancelled";
  return [{ kind: "deployment", message: `the deployment of version ${JobVersion} ${end}: ${StatusDescription}` }];
}

/** That somebody else's version took the place of a deployment before it ended: nothing of what it waited for says anything then. Undefined where none did. */
export function supersededReason(
  deployment: Deployment | undefined,
  registered: number | undefined,
): Reason | undefined {
  if (deployment?.Status !== "cancelled" || registered === undefined || registered <= deployment.JobVersion)
    return undefined;
  const message = `somebody else registered version ${registered} before version ${deployment.JobVersion} was healthy, and Nomad cancelled this deployment for it; cdk-nomad status ENV tells what became of that one`;
  return { kind: "deployment", message };
}

/** Groups whose allocations find no node, with the constraint or the dimension. */
export function placementReasons(
  job: JobJson,
  failures: Readonly<Record<string, PlacementFailure>>,
): readonly Reason[] {
  return Object.entries(failures).map(([group, failure]) => ({
    kind: "placement",
    group,
    message: `group "${group}" finds no node: ${groupPlacementInWords(job, group, failure)}`,
  }));
}

/** Health checks that do not pass, with what they answered. */
export function checkReasons(checks: readonly FailingCheck[]): readonly Reason[] {
  return checks.map(({ allocation, service, check, status, output }) => ({
    kind: "check",
    allocation,
    message: `check "${check}" of service "${service}" is ${status}: ${output || "no answer yet"}`,
  }));
}

/**
 * What allocations wait for, and why tasks of them failed: of those that are wanted and not healthy.
 *
 * @param job tells which tasks run before which, and where artifacts come from
 * @param stopped those that a failed deployment had placed, and that Nomad stopped with it: they tell why it failed
 * @param registered the version that is registered: what happened to another one says so. Default: versions are not told apart
 */
export function allocationReasons(
  job: JobJson,
  allocations: readonly AllocationStub[],
  stopped: (allocation: AllocationStub) => boolean = () => false,
  registered?: number,
): readonly Reason[] {
  const told = ({ JobVersion }: AllocationStub, reasons: readonly Reason[]): readonly Reason[] => {
    if (registered === undefined || JobVersion === registered) return reasons;
    const when = `(that was version ${JobVersion}; version ${registered} is registered)`;
    return reasons.map((reason) => ({ ...reason, message: `${reason.message} ${when}` }));
  };
  const found = newestAllocations(allocations, job.Type as string | undefined)
    .filter((allocation) =>
      allocation.DesiredStatus === "run"
        ? allocation.ClientStatus !== "complete"
        : isLostForGood(allocation) || (stopped(allocation) && isUnhealthy(allocation)),
    )
    .filter(({ DeploymentStatus, ClientStatus }) => DeploymentStatus?.Healthy !== true || ClientStatus !== "running")
    .flatMap((allocation) => told(allocation, reasonsOfOne(job, allocation)));
  return distinct(found);
}

function reasonsOfOne(job: JobJson, allocation: AllocationStub): readonly Reason[] {
  if (allocation.ClientStatus === "lost" || allocation.ClientStatus === "unknown") return [lostReason(allocation)];
  if (allocation.DesiredStatus !== "run" && allocation.ClientStatus !== "failed") return [unhealthyReason(allocation)];
  return Object.entries(allocation.TaskStates ?? {}).flatMap(
    ([name, state]) => taskReason(job, allocation, name, state) ?? [],
  );
}

/** Whether an allocation went with its node, which Nomad stops then, and no other took its place. */
function isLostForGood({ ClientStatus, NextAllocation }: AllocationStub): boolean {
  return ClientStatus === "lost" && !NextAllocation;
}

/** Whether an allocation failed, or was not healthy in time. */
function isUnhealthy({ ClientStatus, DeploymentStatus }: AllocationStub): boolean {
  return ClientStatus === "failed" || DeploymentStatus?.Healthy === false;
}

/** What was stopped meanwhile says nothing of why by its last exit code. */
function unhealthyReason({ ID, TaskGroup }: AllocationStub): Reason {
  const message = `an allocation of group "${TaskGroup}" did not become healthy before its healthy_deadline, and was stopped`;
  return { kind: "health", group: TaskGroup, allocation: ID, message };
}

function lostReason({ ID, TaskGroup, ClientStatus, NodeName }: AllocationStub): Reason {
  const what = ClientStatus === "lost" ? "is lost with its node" : "is unknown, since its node does not answer:";
  return {
    kind: "task",
    group: TaskGroup,
    allocation: ID,
    message: `an allocation of group "${TaskGroup}" ${what} ${NodeName}`,
  };
}

/** What happened to several allocations alike is one reason, which says to how many. */
export function distinct(reasons: readonly Reason[]): readonly Reason[] {
  const alike = new Map<string, Reason[]>();
  for (const reason of reasons) {
    const list = alike.get(reason.message) ?? [];
    alike.set(reason.message, [...list, reason]);
  }
  return [...alike.values()].map(([first, ...rest]) => {
    const reason = first as Reason;
    return rest.length === 0 ? reason : { ...reason, message: `${reason.message} (${rest.length + 1} allocations)` };
  });
}
