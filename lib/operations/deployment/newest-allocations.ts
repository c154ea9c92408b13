import type { AllocationStub } from "../../nomad";

/**
 * Of each name (`job.group[0]`) the newest allocation: the older ones were replaced.
 *
 * @param type of the job: all allocations of a system or sysbatch job have the same name, and each node has one
 */
export function newestAllocations(
  allocations: readonly AllocationStub[],
  type: string | undefined,
): readonly AllocationStub[] {
  const perNode = type === "system" || type === "sysbatch";
  const newest = new Map<string, AllocationStub>();
  for (const allocation of allocations) {
    const name = perNode ? `${allocation.Name}/${allocation.NodeID}` : allocation.Name;
    const other = newest.get(name);
    if (!other || other.CreateIndex < allocation.CreateIndex) newest.set(name, allocation);
  }
  return [...newest.values()];
}

/** How often the tasks of an allocation were started anew, all together. */
export function restartsOf({ TaskStates }: Pick<AllocationStub, "TaskStates">): number {
  return Object.values(TaskStates ?? {}).reduce((sum, { Restarts }) => sum + Restarts, 0);
}

/** Whether an allocation failed, and no other takes its place, nor will. */
export function failedForGood({
  ClientStatus,
  DesiredStatus,
  NextAllocation,
  FollowupEvalID,
}: AllocationStub): boolean {
  return ClientStatus === "failed" && DesiredStatus === "run" && NextAllocation === "" && FollowupEvalID === "";
}
