import { revertInWords, type JobStatus } from "../operations";
import type { Job } from "./api";

/** A job's status as the page is sent it: the verdict is the one that `cdk-nomad status` has. */
export function jobOf(status: JobStatus, { key, stray }: Pick<Job, "key" | "stray">): Job {
  const { path: _path, deployment, groups, reasons, children, revert, allocations = [], ...rest } = status;
  return {
    key,
    ...rest,
    ...(revert ? { revert: revertInWords(revert) } : {}),
    stray,
    groups: groups.map((each) => ({ ...each })),
    reasons: reasons.map((each) => ({ ...each })),
    ...(deployment?.deployment === undefined ? {} : { deployment: deploymentOf(deployment, deployment.deployment) }),
    ...(children
      ? {
          children: {
            ...children,
            newest: children.newest.map((child) => ({ ...child, reasons: child.reasons.map((each) => ({ ...each })) })),
          },
        }
      : {}),
    allocations: allocations.map(({ tasks, ...each }) => ({ ...each, tasks: tasks.map((task) => ({ ...task })) })),
  };
}

function deploymentOf(
  { version, status, description, groups }: NonNullable<JobStatus["deployment"]>,
  id: string,
): NonNullable<Job["deployment"]> {
  const waiting = groups.filter(({ canaries, promoted }) => canaries > 0 && !promoted);
  const sum = (of: (group: (typeof waiting)[number]) => number) => waiting.reduce((all, group) => all + of(group), 0);
  return {
    id,
    ...(version === undefined ? {} : { version }),
    status,
    description,
    canaries: status === "running" ? sum(({ canaries }) => canaries) : 0,
    healthyCanaries: status === "running" ? sum(({ canaries, healthy }) => Math.min(canaries, healthy)) : 0,
  };
}
