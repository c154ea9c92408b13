import type { StackObject } from "../stack";
import type { OperationOptions } from "./options";
import { nameOf, type StackJob } from "./stack-jobs";
import { revertToPrevious } from "./rollback";
import type { JobOutcome } from "./outcome";
import { hasAutoRevert } from "./job-groups";

/** What a job is deployed after: `needed` must go well, `before` must only have ended. */
export interface Order {
  readonly needed: readonly string[];
  readonly before: readonly string[];
}

/** The order that a rollout to several regions asks for, beside what the stack itself says. */
export function orderOf(item: StackJob, objects: readonly StackObject[]): Order {
  const { rollout } = item;
  if (rollout?.onFailure !== "fail_local") return { needed: item.after, before: [] };
  const earlier = objects.filter(
    (other) => other.kind === "job" && other.rollout?.id === rollout.id && other.rollout.wave < rollout.wave,
  );
  return { needed: item.after, before: earlier.map(({ path }) => path) };
}

/**
 * Takes back what regions got whose rollout failed elsewhere, where `fail_all` asks for it: as Nomad Enterprise does, those whose job has
 * `auto_revert`, and that had a version before.
 */
export async function revertFailedRollouts(
  objects: readonly StackObject[],
  outcomes: readonly JobOutcome[],
  options: OperationOptions,
): Promise<readonly JobOutcome[]> {
  const jobs = objects.filter((item) => item.kind === "job");
  const failed = jobs.filter(
    ({ path, rollout }) =>
      rollout?.onFailure === "fail_all" &&
      outcomes.some((outcome) => outcome.path === path && outcome.result === "failed"),
  );
  return Promise.all(
    outcomes.map(async (outcome) => {
      const item = jobs.find(({ path }) => path === outcome.path);
      const cause = failed.find(({ rollout }) => rollout?.id === item?.rollout?.id);
      const went = ["healthy", "complete", "registered"].includes(outcome.result);
      if (!item || !cause || !went) return outcome;
      const why = `the rollout failed in ${String(cause.job.Region)}`;
      if (!hasAutoRevert(item.job)) return failedBecause(outcome, `${why}; it has no auto_revert, and stays as it is`);
      options.onStep(`taking ${nameOf(item.job)} back, since ${why}`);
      const version = await revertToPrevious(item, options);
      const end = version === undefined ? "it has no version before, and stays as it is" : `back at version ${version}`;
      return failedBecause(outcome, `${why}; ${end}`);
    }),
  );
}

function failedBecause(outcome: JobOutcome, description: string): JobOutcome {
  const reasons = [{ kind: "deployment" as const, message: description }];
  return { ...outcome, result: "failed", reasons, view: { ...outcome.view, status: "failed", description } };
}
