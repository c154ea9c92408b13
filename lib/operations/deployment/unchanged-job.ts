import type { JobJson, NomadClient, Registration } from "../../nomad";
import { withRetries } from "../events";
import { changedMeanwhile, withCountsOf, type Planned } from "../plan";
import { conditionWithServices, type Condition } from "./condition";
import { endedBadly, goesOn } from "./deployment-status";
import { viewOf } from "./deployment-view";
import { diagnosable, diagnose } from "./diagnosis";
import { askAboutJob, isBatch, placementFailuresOf, type JobAnswers } from "./job-answers";
import type { OperationOptions } from "./options";
import type { Outcome } from "./outcome";
import { nameOf, type StackJob } from "./stack-jobs";
import { evaluated, stoppedToEnd, tryAgain } from "./try-again";
import { ALREADY_RUNNING, begunBy, evaluatedBy, watchDeployment, type WatchOptions } from "./watch";
import { shellQuoted } from "../../text";

/** What judging a job takes that does not change. */
export interface UnchangedJobOptions extends OperationOptions {
  readonly force?: boolean;
  /** In the region and the namespace of the job. */
  readonly nomad: NomadClient;
  readonly watching: WatchOptions;
  /** Registers a job as it was planned. */
  readonly register: (planned: Planned) => Promise<Registration>;
}

/**
 * How long something may be starting of a job whose deployment is over, or its services may not answer, in milliseconds: Nomad restarts and reschedules
 * what fails.
 */
const STARTING = 15_000;

/**
 * What becomes of a job that is registered as it shall be: a deployment that goes on is watched, what Nomad would place is placed, and else
 * it is judged as `status` judges it.
 * Where it does not run as it shall, it is said why, or tried again where that is asked for. Where only some of its allocations
 * are missing of a version that was healthy, they are placed again in any case.
 */
export async function settleUnchanged(
  item: StackJob,
  planned: Planned,
  options: UnchangedJobOptions,
): Promise<Outcome> {
  const { job } = planned;
  const { nomad, watching, onStep, detach } = options;
  const answers = await withRetries(() => askAboutJob(nomad, job.ID), options);
  if (!answers)
    throw await changedMeanwhile(nomad, job, { ...options, index: planned.plan.modifyIndex, path: item.path });
  options.masking.learn(answers.job);
  const condition = await conditionWithServices(answers, { nomad, consul: options.consul });
  const { deployment, state } = condition;
  if (deployment && goesOn(deployment)) {
    if (detach) return outcome("unchanged", job, answers, condition);
    onStep(`watching the deployment of ${nameOf(job)} that is going on`);
    const ended = await watchDeployment(nomad, job, begunBy(deployment), watching);
    return options.force ? withWayOut(ended, job) : ended;
  }
  if (planned.plan.change === "place") return placeMissing(planned, options);
  if (state === "healthy" || state === "complete") return outcome("unchanged", job, answers, condition);
  // What was launched before says nothing of the job that is registered; status lists it.
  if (state === "ready") return outcome("unchanged", job, answers, condition);
  if (state === "unknown") return { ...outcome("unchanged", job, answers, condition), reasons: condition.reasons };
  const waits = isBatch(answers.job) ? options.waitForBatch !== false : true;
  if (state === "running" || state === "deploying") {
    if (detach || !waits) return outcome("unchanged", job, answers, condition);
    onStep(`waiting for ${nameOf(job)}`);
    return watchDeployment(nomad, job, ALREADY_RUNNING, watching);
  }
  const some = condition.groups.some(({ running }) => running > 0);
  const starting = condition.groups.some((group) => group.starting > 0);
  // All of it runs, and Nomad would place nothing more.
  const answersNot = state === "degraded" && condition.reasons.every(({ kind }) => kind === "check");
  const runs = state === "degraded" && condition.reasons.every(({ kind }) => kind === "check" || kind === "restarted");
  if ((options.force && !runs) || (state === "degraded" && some && isPlaceable(planned)))
    return again(planned, answers, condition, options);
  if ((starting || runs) && state === "degraded" && !detach) {
    onStep(`waiting for ${answersNot ? "the services" : "what is starting"} of ${nameOf(job)}`);
    const until = Math.min(performance.now() + STARTING, options.until ?? Infinity);
    const seen = await watchDeployment(nomad, job, ALREADY_RUNNING, { ...watching, until });
    if (seen.result === "healthy") return { ...seen, result: "unchanged" };
    return { ...seen, result: "failed", view: { ...seen.view, status: "failed" }, untouched: true };
  }
  return failed(nomad, job, answers, condition);
}

/**
 * Has Nomad place anew what it stopped of a job in the place of allocations that failed, once it has done so.
 *
 * @param registration with which it was made to
 */
export async function placeAnew(
  item: StackJob,
  planned: Planned,
  registration: Registration,
  options: UnchangedJobOptions,
): Promise<Outcome> {
  const { nomad, consul, masking, detach } = options;
  const { job } = planned;
  if (detach) return { result: "detached", view: viewOf(job), reasons: [], diagnoses: [] };
  const index = registration.JobModifyIndex;
  await evaluated(nomad, registration.EvalID);
  await stoppedToEnd(nomad, job.ID);
  const answers = await withRetries(() => askAboutJob(nomad, job.ID), options);
  if (!answers) throw await changedMeanwhile(nomad, job, { ...options, index, path: item.path });
  masking.learn(answers.job);
  const condition = await conditionWithServices(answers, { nomad, consul });
  return again({ ...planned, plan: { ...planned.plan, modifyIndex: index } }, answers, condition, options);
}

/** Whether something is missing that Nomad can place: for what is unknown with its node it waits itself. */
function isPlaceable({ plan }: Planned): boolean {
  return plan.groups.some(({ missing = 0, blocked }) => missing > 0 || blocked !== undefined);
}

/** What to do where trying again was asked for, and a deployment of which something failed goes on until its deadline. */
function withWayOut(ended: Outcome, job: JobJson): Outcome {
  if (ended.result !== "failed" || !goesOn({ Status: ended.view.status })) return ended;
  const message = `its deployment still goes on, so it was not tried again; end it with cdk-nomad fail ENV --job ${shellQuoted(job.ID)}, then deploy with --force`;
  return { ...ended, reasons: [...ended.reasons, { kind: "deployment", message }] };
}

/** Nomad places what is missing at any evaluation, and a registration begins one: for the index that was planned for. */
async function placeMissing(planned: Planned, options: UnchangedJobOptions): Promise<Outcome> {
  const { job } = planned;
  options.onStep(`placing what is missing of ${nameOf(job)}`);
  const registration = await options.register(planned);
  if (options.detach) return { result: "detached", view: viewOf(job), reasons: [], diagnoses: [] };
  return watchDeployment(options.nomad, job, evaluatedBy(registration), options.watching);
}

async function again(
  planned: Planned,
  answers: JobAnswers,
  { deployment }: Condition,
  { nomad, watching, onStep, detach, register }: UnchangedJobOptions,
): Promise<Outcome> {
  const { job, plan } = planned;
  onStep(`trying ${nameOf(job)} again`);
  const begun = await tryAgain({
    nomad,
    job,
    held: { ...answers.job, JobModifyIndex: plan.modifyIndex },
    deploymentFailed: deployment !== undefined && endedBadly(deployment),
    register: async (desired, index) => {
      const held = planned.held && index !== plan.modifyIndex ? await versionAt(nomad, job.ID, index) : planned.held;
      return register({ ...planned, job: withCountsOf(desired, held), held, plan: { ...plan, modifyIndex: index } });
    },
  });
  if (detach) return { result: "detached", view: viewOf(job), reasons: [], diagnoses: [] };
  return watchDeployment(nomad, job, begun, watching);
}

/** The version of a job that an index belongs to, where the server still keeps it. */
async function versionAt(nomad: NomadClient, id: string, index: number): Promise<JobJson | undefined> {
  const { Versions: versions } = await nomad.versions(id, { diffs: false });
  return versions.find((version) => Number(version.JobModifyIndex) === index);
}

function outcome(result: Outcome["result"], job: JobJson, answers: JobAnswers, condition: Condition): Outcome {
  return { result, view: viewOfAnswers(job, answers, condition, "unchanged"), reasons: [], diagnoses: [] };
}

async function failed(nomad: NomadClient, job: JobJson, answers: JobAnswers, condition: Condition): Promise<Outcome> {
  const suspects = diagnosable(answers.allocations, answers.job.Type);
  const diagnoses = (await Promise.all(suspects.map((allocation) => diagnose(nomad, allocation)))).flat();
  const view = viewOfAnswers(job, answers, condition, "failed");
  return { result: "failed", view, reasons: condition.reasons, diagnoses, untouched: true };
}

function viewOfAnswers(job: JobJson, answers: JobAnswers, condition: Condition, status: "unchanged" | "failed") {
  const lacking = condition.reasons.some(({ kind }) => kind === "placement");
  const failures = lacking ? placementFailuresOf(answers.job, answers.evaluations) : {};
  const view = viewOf(job, { deployment: condition.deployment, failures, condition });
  return { ...view, version: answers.job.Version, status };
}
