import { millisecondsOf, type AllocationStub, type JobJson, type TaskState } from "../../nomad";
import { updatesOf } from "./job-groups";
import type { Reason } from "./reason";
import { endInWords } from "./task-reasons";

/** What has run for this long since it ended is taken for well again in any case, in milliseconds: less than a deployment that has ended well is given for it. */
const LONGEST = 12_000;
/** Where a node's clock is further ahead of the server's than this, nothing is told of the time between the two, in milliseconds. */
const FURTHEST_AHEAD = 60_000;

/**
 * Tasks that run, and ended by themselves a moment ago. Nomad finds an allocation healthy once, and says so whatever becomes of it: a task that ends every
 * few seconds and is started again runs at most looks. So it counts once it has run for the min_healthy_time of its group, and for longer than it did before.
 *
 * @param answered when the allocations were as they are here, by the server's own clock; where that is not known, nothing is told
 */
export function relapseReasons(
  job: JobJson,
  allocations: readonly AllocationStub[],
  answered: number | undefined,
): readonly Reason[] {
  const relapsed = allocations
    .filter(({ DesiredStatus, ClientStatus }) => DesiredStatus === "run" && ClientStatus === "running")
    .flatMap((allocation) =>
      Object.entries(allocation.TaskStates ?? {})
        .filter(([, state]) => hasRelapsed(state))
        .map(([task, state]) => ({ allocation, task, state })),
    );
  if (answered === undefined || relapsed.length === 0) return [];
  const updates = updatesOf(job);
  return relapsed.flatMap(({ allocation, task, state }) => {
    const least = millisecondsOf(updates.get(allocation.TaskGroup)?.MinHealthyTime ?? 0);
    const age = answered - Date.parse(state.StartedAt ?? "");
    const enough = Math.min(Math.max(least, lastedBefore(state)), LONGEST);
    return age < enough && age >= -FURTHEST_AHEAD ? [relapseReason(allocation, task, state)] : [];
  });
}

/** Whether a task runs that ended by itself the last time, and was not told to. */
function hasRelapsed({ State, Events }: TaskState): boolean {
  const again = (Events ?? []).findLast(({ Type }) => Type === "Restarting");
  // A restart that somebody asked for, or a template, has no reason of Nomad's own.
  return State === "running" && (again?.Details?.restart_reason ?? "") !== "";
}

/** How long a task ran the last time, by its node's clock, in milliseconds; 0 where that is not known any more. */
function lastedBefore({ Events }: TaskState): number {
  const events = Events ?? [];
  const end = events.findLastIndex(({ Type }) => Type === "Terminated");
  const begin = events.slice(0, Math.max(0, end)).findLast(({ Type }) => Type === "Started");
  return begin ? millisecondsOf((events[end]?.Time ?? 0) - begin.Time) : 0;
}

function relapseReason({ ID, TaskGroup }: AllocationStub, task: string, { Events, Restarts }: TaskState): Reason {
  const ended = (Events ?? []).findLast(({ Type }) => Type === "Terminated");
  const end = ended ? `ended with ${endInWords(ended)}` : "ended";
  const times = `${Restarts} ${Restarts === 1 ? "restart" : "restarts"}`;
  return {
    kind: "restarted",
    group: TaskGroup,
    task,
    allocation: ID,
    message: `task "${task}" of group "${TaskGroup}" ${end}, was started again (${times}), and has not run for long enough since: for its min_healthy_time, and for longer than before`,
  };
}
