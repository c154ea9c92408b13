import { numberInName, type AllocationStub } from "../../nomad";

/** What of an allocation says which one goes next. */
type Named = Pick<AllocationStub, "ID" | "Name" | "DesiredStatus" | "ClientStatus">;

/**
 * The allocation that Nomad stops if the count of its group becomes one less: that with the highest number in its name. Undefined where that is
 * not certain, as Nomad stops any of them then: while one is failed and waits for its next try, two have one number, or some are not placed yet
 * (one that is placed meanwhile would be one too many).
 *
 * @see https://developer.hashicorp.com/nomad/api-docs/jobs#scale-task-group
 */
export function nextToGo(allocations: readonly Named[], count: number): string | undefined {
  const wanted = allocations.filter(({ DesiredStatus }) => DesiredStatus === "run");
  if (wanted.length !== count || !wanted.every(isLive)) return undefined;
  const numbers = wanted.map(({ Name }) => numberInName(Name));
  if (numbers.includes(undefined) || new Set(numbers).size !== numbers.length) return undefined;
  return wanted.reduce<Named | undefined>(
    (top, one) => (top === undefined || (numberInName(one.Name) ?? 0) > (numberInName(top.Name) ?? 0) ? one : top),
    undefined,
  )?.ID;
}

/** Whether an allocation has not ended. */
export function isLive({ ClientStatus }: Pick<AllocationStub, "ClientStatus">): boolean {
  return ClientStatus !== "complete" && ClientStatus !== "failed" && ClientStatus !== "lost";
}
