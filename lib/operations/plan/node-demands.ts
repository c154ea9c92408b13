import { placementInWords, type JobJson, type PlacementFailure } from "../../nomad";

/**
 * Why allocations of a group find no node. Where Nomad tried only a change in place, it says no more than that the node's class is left out:
 * then what the group asks of a node is said, one of which leaves it out.
 */
export function groupPlacementInWords(job: JobJson, group: string, failure: PlacementFailure): string {
  return placementInWords(failure, nodeDemands(job, group));
}

/** What a group asks of a node beside resources, in words: its constraints, with those of the job and of its tasks, and drivers. */
function nodeDemands(job: JobJson, group: string): readonly string[] {
  const found = listOf(job.TaskGroups).find(({ Name }) => Name === group);
  const tasks = listOf(found?.Tasks);
  const constraints = [job, ...(found ? [found] : []), ...tasks].flatMap((each) =>
    listOf((each as Part).Constraints).map(constraintInWords),
  );
  const drivers = tasks.flatMap(({ Driver }) => (typeof Driver === "string" ? [`driver ${Driver}`] : []));
  return [...new Set([...constraints, ...drivers])];
}

type Part = Readonly<Record<string, unknown>>;

/** What comes from a stack's file may be anything. */
function listOf(value: unknown): readonly Part[] {
  return Array.isArray(value) ? value.filter((each): each is Part => typeof each === "object" && each !== null) : [];
}

/** https://developer.hashicorp.com/nomad/docs/job-specification/constraint */
function constraintInWords({ LTarget, Operand, RTarget }: Part): string {
  return [LTarget, Operand || "=", RTarget].filter((each) => typeof each === "string" && each !== "").join(" ");
}
