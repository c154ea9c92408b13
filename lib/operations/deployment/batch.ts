import type { AllocationStub } from "../../nomad";

/**
 * How many allocations of a batch job's group ended well, and how many failed for good. Of each name (`job.group[0]`) the newest
 * allocation counts; one that Nomad will start again, or has, is neither.
 *
 * @param perNode whether every node has its own, as of sysbatch jobs, whose allocations all have the same name
 */
export function batchOutcome(
  allocations: readonly AllocationStub[],
  perNode: boolean,
): { readonly complete: number; readonly failed: number } {
  const newest = new Map<string, AllocationStub>();
  for (const allocation of allocations) {
    const name = perNode ? `${allocation.Name}/${allocation.NodeID}` : allocation.Name;
    const other = newest.get(name);
    if (!other || other.CreateIndex < allocation.CreateIndex) newest.set(name, allocation);
  }
  const all = [...newest.values()];
  return {
    complete: all.filter(({ ClientStatus }) => ClientStatus === "complete").length,
    failed: all.filter(
      ({ ClientStatus, FollowupEvalID, NextAllocation }) =>
        ClientStatus === "failed" && FollowupEvalID === "" && NextAllocation === "",
    ).length,
  };
}
