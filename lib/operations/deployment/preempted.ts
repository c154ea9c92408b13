import type { AllocationStub } from "../../nomad";
import { newestAllocations } from "./newest-allocations";
import type { Reason } from "./reason";
import { shellQuoted } from "../../text";

/**
 * Allocations that Nomad stopped to make room for those of a job of higher priority, and in whose place no other is: without it, that no node has room
 * is no more than half of the truth.
 *
 * @param type of the job
 * @see https://developer.hashicorp.com/nomad/docs/concepts/scheduling/preemption
 */
export function preemptionReasons(allocations: readonly AllocationStub[], type: string | undefined): readonly Reason[] {
  return newestAllocations(allocations, type).flatMap(({ ID, TaskGroup, DesiredStatus, DesiredDescription }) => {
    const by = /^Preempted by alloc ID (\S+)/.exec(DesiredDescription)?.[1];
    if (DesiredStatus !== "evict" || by === undefined) return [];
    const message = `Nomad stopped an allocation of group "${TaskGroup}" to make room for a job of higher priority; which one says: nomad alloc status ${shellQuoted(by.slice(0, 8))}`;
    return [{ kind: "preempted" as const, group: TaskGroup, allocation: ID, message }];
  });
}
