import { setTimeout as sleep } from "node:timers/promises";
import type { JobJson, NomadClient } from "../../nomad";
import type { HeldJob } from "./job-answers";
import type { EffectiveGroup } from "../../jobspec/host";
import { groupsOf, withInGroups } from "./job-groups";
import { evaluatedBy, type Begun } from "./watch";

/** While this holds, a failed allocation may be replaced by an evaluation that is asked for, and hardly by Nomad itself. */
const REPLACEABLE = {
  Attempts: 0,
  Interval: 0,
  Unlimited: true,
  DelayFunction: "constant",
  Delay: 3_600_000_000_000,
  MaxDelay: 3_600_000_000_000,
};
const LOOK_AGAIN = 50;
const LONGEST = 10_000;
/** How long what Nomad stopped may take to end before others are placed: milliseconds. */
const LONGEST_END = 60_000;

/** What trying again takes. */
export interface TryAgainOptions {
  readonly nomad: NomadClient;
  /** The job that is registered, as it shall be. */
  readonly job: JobJson;
  /** The same job as the server holds it. */
  readonly held: HeldJob;
  /** Whether the deployment of its version failed: Nomad places nothing more for that version then. */
  readonly deploymentFailed: boolean;
  /** Registers a job for the very index that it has now. */
  readonly register: (job: JobJson, index: number) => Promise<Begun>;
}

/**
 * Has Nomad place again what is missing of a job, though nothing of the job changes. Allocations that run are not restarted, and a job that
 * somebody stopped meanwhile stays stopped.
 *
 * An evaluation is enough where the groups may be rescheduled. For a version whose deployment failed Nomad places nothing any more, nor
 * for groups that are never rescheduled, and a version that differs in nothing is not begun. So the job is registered with a reschedule
 * policy that lets failed allocations be replaced, an evaluation is asked to replace them, and the job is registered as it was: its
 * new version has a deployment of its own, and allocations that run are changed in place, since a policy needs no restart.
 */
export async function tryAgain(options: TryAgainOptions): Promise<Begun> {
  const { nomad, job, held, register } = options;
  const index = held.JobModifyIndex ?? 0;
  // Whatever is missing of these, Nomad places at any evaluation.
  if (held.Type === "system" || held.Type === "sysbatch") return evaluatedBy(await register(job, index));
  if (!options.deploymentFailed && groupsOf(held).every(isRescheduled))
    return evaluatedBy(await nomad.evaluate(job.ID, { forceReschedule: true }));
  const between = await register(withInGroups(job, { ReschedulePolicy: REPLACEABLE }), index);
  const { EvalID } = await nomad.evaluate(job.ID, { forceReschedule: true });
  await evaluated(nomad, EvalID);
  return register(job, between.JobModifyIndex);
}

function isRescheduled({ ReschedulePolicy: policy }: EffectiveGroup): boolean {
  return policy?.Unlimited === true || ((policy?.Attempts ?? 0) > 0 && (policy?.Interval ?? 0) > 0);
}

/**
 * Waits until the scheduler has decided, so that the next version does not overtake it. Ctrl-C does not end this: the job would be left with
 * a policy that is not its own.
 */
export async function evaluated(nomad: NomadClient, id: string): Promise<void> {
  for (const end = performance.now() + LONGEST; performance.now() < end; await sleep(LOOK_AGAIN)) {
    const evaluation = await nomad.evaluation(id);
    if (evaluation?.Status !== "pending") return;
  }
}

/** Waits until what Nomad stopped of a job has ended on its nodes, so that what it holds, such as a port, is free for what is placed anew. */
export async function stoppedToEnd(nomad: NomadClient, id: string): Promise<void> {
  for (const end = performance.now() + LONGEST_END; performance.now() < end; await sleep(LOOK_AGAIN)) {
    const allocations = await nomad.allocations(id);
    const ending = allocations.some(
      ({ DesiredStatus: desired, ClientStatus: now }) => desired !== "run" && now === "running",
    );
    if (!ending) return;
  }
}
