import { setTimeout as timer } from "node:timers/promises";
import { UserError } from "../../errors";
import type { Masking } from "../../masking";
import type {
  AllocationStub,
  ConsulClient,
  Deployment,
  Evaluation,
  JobJson,
  NomadClient,
  PlacementFailure,
  Registration,
} from "../../nomad";
import { type Changes, withRetries } from "../events";
import { conditionOf, conditionWithServices, type Condition } from "./condition";
import { endedBadly } from "./deployment-status";
import { viewOf, type DeploymentView } from "./deployment-view";
import { diagnosable, diagnose } from "./diagnosis";
import { FailingChecks, type FailingCheck } from "./failing-checks";
import { askAboutJob, isBatch, placementFailuresOf, type HeldJob, type JobAnswers } from "./job-answers";
import { failedForGood, newestAllocations } from "./newest-allocations";
import type { Outcome } from "./outcome";
import { canaryRelapses, waitsForPromotion } from "./canaries";
import type { Reason } from "./reason";
import { Steadiness } from "./steadiness";
import { preemptionReasons } from "./preempted";
import {
  allocationReasons,
  checkReasons,
  deploymentReasons,
  NOT_EVALUATED,
  placementReasons,
  supersededReason,
} from "./reasons";

/** What watching takes. */
export interface WatchOptions {
  /** Called whenever something changed. */
  readonly onChange: (view: DeploymentView) => void;
  /** Tells when to look again. */
  readonly changes: Changes;
  /** Who is asked about the checks of services. Default: nobody. */
  readonly consul?: ConsulClient;
  /** What the run hides: it learns the secrets of the job as the server holds it, which reasons may quote. */
  readonly masking: Masking;
  /** Called with what is going on where the cluster does not answer. */
  readonly onTrouble?: (text: string) => void;
  readonly signal?: AbortSignal;
  /** When to give up waiting, by the clock of performance.now(), in milliseconds. Default: never. */
  readonly until?: number;
  /** Whether a deployment that waits for its promotion is waited for too. Default: false. */
  readonly throughPromotion?: boolean;
  /** Whether batch jobs are waited for until they end. Default: true. */
  readonly waitForBatch?: boolean;
  /** How long allocations may be without a node before that counts as a failure, in milliseconds. Default: 15 s. */
  readonly placementPatience?: number;
  /** How long a service without a deployment may take until it runs, in milliseconds. Default: 10 min, as progress_deadline. */
  readonly startPatience?: number;
  /** How long less may run than shall once a deployment has ended well, or has found its canaries healthy, in milliseconds. Default: 15 s. */
  readonly endedPatience?: number;
}

/** What began a deployment: a registration, or a deployment that goes on already. */
export type Begun = Pick<Registration, "EvalID" | "JobModifyIndex"> & {
  /** The deployment, where it is known. */
  readonly deployment?: string;
};

/** A deployment that goes on already. */
export function begunBy({ ID, JobModifyIndex }: Deployment): Begun {
  return { EvalID: "", JobModifyIndex, deployment: ID };
}

const NO_DEPLOYMENT = -1;

/** An evaluation that places what is missing: it begins no deployment. */
export function evaluatedBy({ EvalID }: Pick<Registration, "EvalID">): Begun {
  return { EvalID, JobModifyIndex: NO_DEPLOYMENT };
}

/** What goes on without a deployment, such as a batch job. */
export const ALREADY_RUNNING: Begun = { EvalID: "", JobModifyIndex: NO_DEPLOYMENT };

/** Events come in flocks: between two looks there is at least this much. */
const SHORTEST_INTERVAL = 100;
/** Between two looks at what ended a moment ago and runs again. */
const RELAPSE_INTERVAL = 1_000;
const PLACEMENT_PATIENCE = 15_000;
const ENDED_PATIENCE = 15_000;
const START_PATIENCE = 600_000;

/**
 * Watches what a registration brought about until it is healthy, has failed, or waits for somebody.
 *
 * An allocation that used up its restarts counts as a failure at once; Nomad itself would try others until the progress deadline. What has
 * no deployment, such as a batch job, is judged by its allocations.
 *
 * @throws UserError where the job is purged meanwhile
 */
export async function watchDeployment(
  nomad: NomadClient,
  job: JobJson,
  registration: Begun,
  options: WatchOptions,
): Promise<Outcome> {
  // Nothing is placed of a job that is dispatched, or launched by the clock, when it is registered.
  if (registration.EvalID === "" && registration.deployment === undefined && registration !== ALREADY_RUNNING)
    return { result: "registered", view: viewOf(job), reasons: [], diagnoses: [] };
  const {
    placementPatience = PLACEMENT_PATIENCE,
    startPatience = START_PATIENCE,
    endedPatience = ENDED_PATIENCE,
  } = options;
  const failing = new FailingChecks(job, nomad, options.consul);
  const begun = performance.now();
  let shown = "";
  let blockedSince: number | undefined;
  let endedSince: number | undefined;
  let relapsedSince: number | undefined;
  const steady = new Steadiness(job, registration);
  for (;;) {
    options.signal?.throwIfAborted();
    const seen = await withRetries(
      () => look(nomad, job.ID, registration, options.consul),
      // Whoever registered, or looked before, has a token that is good.
      { ...options, trusted: registration.EvalID !== "" || shown !== "" },
    );
    const { deployment, allocations, failures } = seen;
    const asked = await failing.of(allocations);
    // What was changed in place is another deployment's once Nomad has gone back by itself: why it did is known from before.
    const checks = deployment && endedBadly(deployment) ? failing.remembered : asked;
    const looked = performance.now();
    blockedSince = Object.keys(failures).length > 0 ? (blockedSince ?? looked) : undefined;
    // An allocation that is just being stopped has its place, and its port, for a moment still.
    const lasting = blockedSince !== undefined && looked - blockedSince >= placementPatience / 5 ? failures : {};
    // Without a deployment nobody else waits for its min_healthy_time.
    const early = seen.condition?.state === "healthy" && !steady.holds(seen, looked);
    const whole = viewOf(job, { deployment, allocations, failures: lasting, checks, condition: seen.condition });
    const view: DeploymentView = early ? { ...whole, status: "running" } : whole;
    const text = JSON.stringify(view);
    if (shown === "") options.masking.learn(seen.job);
    if (text !== shown) options.onChange(view);
    shown = text;

    const blocked = blockedSince !== undefined && looked - blockedSince > placementPatience;
    const waited = isBatch(seen.job) ? 0 : looked - begun;
    endedSince = deployment?.Status === "successful" ? (endedSince ?? looked) : undefined;
    const since = endedSince === undefined ? 0 : looked - endedSince;
    // Nomad found its canaries healthy, and waits for somebody for ever.
    const relapsed = seen.relapses.length > 0 && deployment !== undefined && waitsForPromotion(deployment);
    relapsedSince = relapsed ? (relapsedSince ?? looked) : undefined;
    const found =
      blocked || (relapsedSince !== undefined && looked - relapsedSince > endedPatience)
        ? "failed"
        : since > endedPatience
          ? (resultOf(seen, options, false) ?? "failed")
          : resultOf(seen, options, waited > startPatience);
    const late = options.until !== undefined && looked > options.until ? ("timed-out" as const) : undefined;
    const waits = (early && found === "healthy") || (found === "waiting-for-promotion" && options.throughPromotion);
    const result = waits ? late : (found ?? late);
    if (result) return outcomeOf(nomad, result, seen, view, checks);
    const longest = Math.min(
      blockedSince === undefined ? Infinity : placementPatience / 10,
      endedSince === undefined ? Infinity : endedPatience / 10,
      early ? steady.rest(looked) : Infinity,
      // Nothing is told when a task has run for long enough.
      seen.relapses.length > 0 ? RELAPSE_INTERVAL : Infinity,
      failing.rest(allocations),
    );
    await pause(job.ID, { ...options, longest: longest === Infinity ? undefined : longest });
    await sleep(looked + SHORTEST_INTERVAL - performance.now(), options.signal);
  }
}

/** Waits for a change; not longer than somebody is waited for. */
async function pause(job: string, options: WatchOptions & { readonly longest: number | undefined }): Promise<void> {
  const limits = [options.until === undefined ? undefined : options.until - performance.now(), options.longest].filter(
    (limit) => limit !== undefined,
  );
  if (limits.length === 0) return options.changes.next(job, options.signal);
  const enough = AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(...limits))));
  const signal = options.signal ? AbortSignal.any([enough, options.signal]) : enough;
  try {
    await options.changes.next(job, signal);
  } catch (error) {
    if (!enough.aborted) throw error;
    options.signal?.throwIfAborted();
  }
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (milliseconds > 0) await timer(milliseconds, undefined, { signal });
}

interface Look {
  readonly job: HeldJob;
  /** The deployment that the registration began: none where nothing has to change, and none of batch jobs. */
  readonly deployment: Deployment | undefined;
  /** What the deployment placed; where there is none, all of the job. */
  readonly allocations: readonly AllocationStub[];
  readonly failures: Readonly<Record<string, PlacementFailure>>;
  /** What is to be said of the job, where no deployment says it. */
  readonly condition: Condition | undefined;
  /** What ended a moment ago and runs again; of a deployment that waits for its promotion also canaries that do not run. */
  readonly relapses: readonly Reason[];
  /** The evaluation, while the scheduler has not decided yet. */
  readonly undecided: Evaluation | undefined;
}

async function look(nomad: NomadClient, id: string, begun: Begun, consul: ConsulClient | undefined): Promise<Look> {
  // Asked first: once it is complete, whatever it began is there to be seen.
  const evaluation = begun.EvalID === "" ? undefined : await nomad.evaluation(begun.EvalID);
  const [job, deployments] = await Promise.all([nomad.job(id) as Promise<HeldJob | undefined>, nomad.deployments(id)]);
  // One of the same id may have been registered anew since.
  const another = begun.JobModifyIndex !== NO_DEPLOYMENT && (job?.CreateIndex ?? 0) > begun.JobModifyIndex;
  if (!job || another) throw purged(id);
  const undecided = evaluation?.Status === "pending" ? evaluation : undefined;
  const deployment = deployments.find(({ ID, JobModifyIndex }) =>
    begun.deployment === undefined ? JobModifyIndex === begun.JobModifyIndex : ID === begun.deployment,
  );
  // Nobody looks at a newer version in the name of this deployment.
  const ended = deployment?.Status === "successful" && deployment.JobVersion === (job.Version ?? 0);
  if (!deployment || ended) {
    const answers = await askAboutJob(nomad, id);
    if (!answers) throw purged(id);
    // Whether a deployment waits for checks is said in the job.
    const condition = ended ? conditionOf(answers) : await conditionWithServices(answers, { nomad, consul });
    return { ...byCondition(answers, condition), deployment, undecided };
  }
  const [dated, evaluations] = await Promise.all([
    nomad.datedDeploymentAllocations(deployment.ID),
    lacksPlacements(deployment) ? nomad.evaluations(id) : [],
  ]);
  const failures = placementFailuresOf(job, evaluations);
  const relapses = waitsForPromotion(deployment) ? canaryRelapses(job, deployment, dated) : [];
  return { job, deployment, allocations: dated.allocations, failures, condition: undefined, relapses, undecided };
}

function byCondition(answers: JobAnswers, condition: Condition) {
  const { job, allocations } = answers;
  const lacking = condition.reasons.some(({ kind }) => kind === "placement");
  const failures = lacking ? placementFailuresOf(job, answers.evaluations) : {};
  const relapses = condition.reasons.filter(({ kind }) => kind === "restarted");
  return { job, allocations, failures, condition, relapses };
}

function lacksPlacements({ TaskGroups }: Deployment): boolean {
  return Object.values(TaskGroups ?? {}).some(({ PlacedAllocs, DesiredTotal, DesiredCanaries, Promoted }) =>
    DesiredCanaries > 0 && !Promoted ? PlacedAllocs < DesiredCanaries : PlacedAllocs < DesiredTotal,
  );
}

function purged(id: string): UserError {
  return UserError.at(
    id,
    "Nomad knows nothing of it any more: it was purged, or the server lost its state; look with cdk-nomad status ENV, and deploy again",
    "forgotten",
  );
}

/** How it ended; undefined while it goes on. */
function resultOf(seen: Look, options: WatchOptions, tooLong: boolean): Outcome["result"] | undefined {
  const { deployment, allocations, condition, job } = seen;
  if (condition) {
    if (seen.undecided) return undefined;
    return resultOfCondition(condition, job, allocations, options) ?? (tooLong ? "timed-out" : undefined);
  }
  if (!deployment) return undefined;
  if (deployment.Status === "successful") return "healthy";
  if (endedBadly(deployment)) return "failed";
  if (allocations.some((allocation) => allocation.ClientStatus === "failed")) return "failed";
  return waitsForPromotion(deployment) && seen.relapses.length === 0 ? "waiting-for-promotion" : undefined;
}

function resultOfCondition(
  { state }: Condition,
  job: HeldJob,
  allocations: readonly AllocationStub[],
  { waitForBatch = true }: WatchOptions,
): Outcome["result"] | undefined {
  switch (state) {
    case "healthy":
    case "complete":
      return state;
    // Nomad is satisfied with it, and nobody else is asked whether a deployment went well: the reasons say what is not known.
    case "unknown":
      return "healthy";
    case "ready":
      return "registered";
    case "failed":
    case "stopped":
    case "missing":
      return "failed";
    case "waiting-for-promotion":
      return state;
    default:
      if (isBatch(job)) return waitForBatch ? undefined : "registered";
      return newestAllocations(allocations, job.Type).some(failedForGood) ? "failed" : undefined;
  }
}

async function outcomeOf(
  nomad: NomadClient,
  result: Outcome["result"],
  seen: Look,
  view: DeploymentView,
  checks: readonly FailingCheck[],
): Promise<Outcome> {
  const isUnknown = seen.condition?.state === "unknown";
  const superseded = supersededReason(seen.deployment, seen.job.Version);
  const tells = result === "failed" || result === "timed-out" || isUnknown;
  const reasons = tells ? reasonsOf(seen, checks, superseded) : [];
  const suspects =
    result === "failed" && !superseded
      ? diagnosable(seen.allocations, seen.job.Type, { stopped: !seen.condition })
      : [];
  const diagnoses = (await Promise.all(suspects.map((allocation) => diagnose(nomad, allocation)))).flat();
  return { result, view: result === "failed" ? failedView(view, seen) : view, reasons, diagnoses };
}

/** What is judged without a deployment has no description of Nomad's. */
function failedView(view: DeploymentView, { condition }: Look): DeploymentView {
  if (!condition) return view;
  const description = condition.state === "degraded" ? "does not run as it shall" : condition.state;
  return { ...view, status: "failed", description };
}

function reasonsOf(seen: Look, checks: readonly FailingCheck[], superseded: Reason | undefined): readonly Reason[] {
  const { job, deployment, allocations, failures, condition, undecided } = seen;
  if (undecided) return [NOT_EVALUATED];
  if (condition) return condition.reasons;
  if (superseded) return [superseded];
  return [
    ...deploymentReasons(deployment),
    ...preemptionReasons(allocations, job.Type),
    ...placementReasons(job, failures),
    ...checkReasons(checks),
    ...allocationReasons(job, allocations, () => true),
    ...seen.relapses,
  ];
}
