import {
  launchesOthers,
  momentOf,
  type AllocationStub,
  type ConsulClient,
  type Deployment,
  type NomadClient,
} from "../../nomad";
import { placements } from "../plan";
import { endedBadly, goesOn } from "./deployment-status";
import { isBatch, isUndecided, placementFailuresOf, type HeldJob, type JobAnswers } from "./job-answers";
import type { Reason } from "./reason";
import { failedForGood, newestAllocations } from "./newest-allocations";
import { preemptionReasons } from "./preempted";
import { allocationReasons, deploymentReasons, distinct, NOT_EVALUATED, placementReasons } from "./reasons";
import { serviceHealth, type ServiceHealth } from "./service-health";
import { canaryRelapses, waitsForPromotion } from "./canaries";
import { relapseReasons } from "./relapse";

/** Allocations of a group, by their state. */
export interface GroupStatus {
  readonly name: string;
  /** As many as shall run, or shall end well where it is a batch job; absent where only the nodes say how many. */
  readonly desired?: number;
  readonly running: number;
  readonly starting: number;
  /** Those that find no node. */
  readonly queued: number;
  /** Of batch jobs: those that ended well, and those that failed for good. */
  readonly complete?: number;
  readonly failed?: number;
}

/**
 * `deploying`: a deployment goes on; `degraded`: fewer run than shall, or what runs ended a moment ago; `failed`: the deployment of the version that runs failed, or a batch
 * job did; `running`: a batch job has not ended yet; `complete`: a batch job ended well; `ready`: nothing runs until it is dispatched or
 * launched; `stopped`: somebody stopped it; `missing`: there is no such job; `unknown`: all of it runs, and whether its services answer could not
 * be found out.
 */
export type JobState =
  | "healthy"
  | "ready"
  | "running"
  | "complete"
  | "deploying"
  | "waiting-for-promotion"
  | "degraded"
  | "failed"
  | "stopped"
  | "missing"
  | "unknown";

/** What is to be said of a job. */
export interface Condition {
  readonly state: JobState;
  readonly groups: readonly GroupStatus[];
  /** Why it is not as it shall be, or what is waited for; empty where all is well. */
  readonly reasons: readonly Reason[];
  /** The newest deployment of the version that is registered. */
  readonly deployment: Deployment | undefined;
}

/** Judges a job by everything that Nomad's servers know of it, which is nothing of its services. */
export function conditionOf(answers: JobAnswers): Condition {
  const { job, deployments } = answers;
  const deployment = deployments.find(
    ({ JobVersion, CreateIndex }) => JobVersion === (job.Version ?? 0) && CreateIndex >= (job.CreateIndex ?? 0),
  );
  const groups = launchesOthers(job) ? [] : groupsOf(answers);
  const found = { groups, deployment };
  if (job.Stop === true) return { ...found, state: "stopped", reasons: [stoppedReason(job)] };
  if (launchesOthers(job)) return { ...found, state: "ready", reasons: [] };
  const why = reasonsOf(answers, groups, deployment);
  if (isUndecided(job, answers.evaluations) && !deployment)
    return { ...found, state: isBatch(job) ? "running" : "deploying", reasons: [NOT_EVALUATED] };
  if (isBatch(job)) return { ...found, ...batchCondition(answers, groups, why) };
  if (deployment && endedBadly(deployment)) return { ...found, state: "failed", reasons: why };
  if (deployment && goesOn(deployment)) {
    if (waitsForPromotion(deployment)) {
      const relapses = canaryRelapses(job, deployment, answers);
      const state = relapses.length > 0 ? "degraded" : "waiting-for-promotion";
      return { ...found, state, reasons: distinct([...relapses, ...why]) };
    }
    // A deployment of which something finds no node goes on for ever: there is no deadline before it is placed.
    const blocked = why.some(({ kind }) => kind === "placement");
    return { ...found, state: blocked ? "degraded" : "deploying", reasons: why };
  }
  const relapses = relapseReasons(job, answers.allocations, answers.answered);
  if (!lacksAllocations(job, groups) && !why.some(({ kind }) => kind === "version"))
    return { ...found, state: relapses.length > 0 ? "degraded" : "healthy", reasons: distinct(relapses) };
  return { ...found, state: "degraded", reasons: distinct([...why, ...relapses]) };
}

/** Judges a job by everything that the servers know of it, and by what the checks of its services say now. */
export async function conditionWithServices(
  answers: JobAnswers,
  clients: { readonly nomad: NomadClient; readonly consul?: ConsulClient },
): Promise<Condition> {
  const condition = conditionOf(answers);
  if (!RUNNING.has(condition.state) || isBatch(answers.job)) return condition;
  return withServices(condition, await serviceHealth(answers.job, answers.allocations, clients));
}

/** States of jobs of which something is to run for as long as it is wanted. */
const RUNNING: ReadonlySet<JobState> = new Set(["healthy", "deploying", "waiting-for-promotion", "degraded", "failed"]);

function withServices(condition: Condition, { checks, down, unknown }: ServiceHealth): Condition {
  const { state, reasons } = condition;
  if (state === "deploying" || state === "degraded" || state === "failed")
    return { ...condition, reasons: [...checks, ...reasons, ...unknown] };
  if (down.length > 0) return { ...condition, state: "degraded", reasons: [...down, ...reasons, ...unknown] };
  return unknown.length > 0 ? { ...condition, state: "unknown", reasons: [...reasons, ...unknown] } : condition;
}

/** Whether fewer allocations run than shall. A system job that runs nowhere lacks some whatever else is known. */
function lacksAllocations({ Type }: HeldJob, groups: readonly GroupStatus[]): boolean {
  return groups.some(({ desired, running, starting, queued }) => {
    if (Type !== "system") return running < (desired ?? 0);
    return running === 0 || starting > 0 || queued > 0 || running < (desired ?? 0);
  });
}

function batchCondition(
  answers: JobAnswers,
  groups: readonly GroupStatus[],
  why: readonly Reason[],
): Pick<Condition, "state" | "reasons"> {
  // Between the end of an allocation and the decision whether it is started again, an evaluation is pending.
  const deciding = answers.evaluations.some(({ Status }) => Status === "pending");
  if (!deciding && groups.some(({ failed = 0 }) => failed > 0)) return { state: "failed", reasons: why };
  const done = groups.every(({ desired, complete = 0, running, starting, queued }) =>
    desired === undefined ? running + starting + queued === 0 && complete > 0 : complete >= desired,
  );
  if (done) return { state: "complete", reasons: [] };
  const failures = placementFailuresOf(answers.job, answers.evaluations);
  const placed = answers.allocations.length > 0;
  const stuck = Object.keys(failures).length > 0 && (groups.some(({ queued }) => queued > 0) || !placed);
  const going = deciding || groups.some(({ running, starting }) => running + starting > 0);
  return { state: stuck || !going ? "degraded" : "running", reasons: why };
}

function groupsOf(answers: JobAnswers): readonly GroupStatus[] {
  const { job, summary, allocations, plan } = answers;
  return (job.TaskGroups ?? []).map(({ Name: name, Count: count }) => {
    const wanted = allocations.filter(({ TaskGroup, DesiredStatus }) => TaskGroup === name && DesiredStatus === "run");
    const running = wanted.filter(({ ClientStatus }) => ClientStatus === "running").length;
    const { Queued: queued = 0 } = summary?.Summary?.[name] ?? {};
    const starting = wanted.filter(({ ClientStatus }) => ClientStatus === "pending").length;
    const status = { name, running, starting, queued };
    if (isBatch(job)) {
      const newest = newestAllocations(wanted, job.Type);
      const complete = newest.filter(({ ClientStatus }) => ClientStatus === "complete").length;
      const failed = newest.filter(failedForGood).length;
      return { ...status, ...(job.Type === "batch" ? { desired: count } : {}), complete, failed };
    }
    if (job.Type !== "system") return { ...status, desired: count };
    const desired = desiredOnNodes(answers, name, wanted);
    return { ...status, ...(plan || desired > running + status.starting ? { desired } : {}) };
  });
}

/**
 * How many allocations of a system job's group shall run: those that do, those that failed, and those that a plan would place. Where the token
 * may not plan, an allocation that was stopped, and whose node has no other, is one that shall run.
 */
function desiredOnNodes(
  { job, plan, allocations }: JobAnswers,
  name: string,
  wanted: readonly AllocationStub[],
): number {
  const nodes = (some: readonly AllocationStub[]) => new Set(some.map(({ NodeID }) => NodeID));
  const live = nodes(wanted.filter(({ ClientStatus }) => ["running", "pending", "unknown"].includes(ClientStatus)));
  // Of those that failed a plan says that it would place others.
  const ended = nodes(wanted.filter(({ NodeID }) => !live.has(NodeID)));
  const update = plan?.Annotations?.DesiredTGUpdates[name];
  const planned = update ? placements(job, update) : 0;
  const stopped = allocations.filter(
    ({ TaskGroup, NodeID, JobVersion, DesiredStatus, DesiredDescription }) =>
      TaskGroup === name &&
      JobVersion === job.Version &&
      DesiredStatus === "stop" &&
      !/tainted|drain|not needed/.test(DesiredDescription ?? "") &&
      !wanted.some((other) => other.NodeID === NodeID),
  );
  return live.size + Math.max(planned, new Set([...ended, ...nodes(stopped)]).size);
}

function reasonsOf(
  answers: JobAnswers,
  groups: readonly GroupStatus[],
  deployment: Deployment | undefined,
): readonly Reason[] {
  const { job, allocations, evaluations } = answers;
  const lacking = groups.filter(({ running, queued }) => queued > 0 || running === 0).map(({ name }) => name);
  const failures = Object.entries(placementFailuresOf(job, evaluations)).filter(([name]) => lacking.includes(name));
  return [
    ...deploymentReasons(deployment),
    ...preemptionReasons(allocations, job.Type),
    ...placementReasons(job, Object.fromEntries(failures)),
    ...allocationReasons(
      job,
      allocations,
      ({ JobVersion }) => deployment !== undefined && endedBadly(deployment) && JobVersion === deployment.JobVersion,
      job.Version ?? undefined,
    ),
    ...(isBatch(job) ? [] : groups.flatMap((group) => [...countReason(group, job), ...versionReason(group, answers)])),
  ];
}

function countReason({ name, desired, running, starting }: GroupStatus, { Type }: HeldJob): readonly Reason[] {
  if (Type === "system" && running === 0 && (desired ?? 0) === 0)
    return [{ kind: "count", group: name, message: `group "${name}" runs on no node` }];
  if (desired === undefined || running >= desired) return [];
  const more = starting > 0 ? `, ${starting} more ${starting === 1 ? "is" : "are"} starting` : "";
  return [{ kind: "count", group: name, message: `group "${name}" runs ${running} of ${desired}${more}` }];
}

/**
 * Allocations that run another version than the one that is registered: a deployment ended before it came to them. Nomad forgets a deployment
 * that failed within minutes, so nothing else says so then.
 */
function versionReason({ name }: GroupStatus, { job, allocations }: JobAnswers): readonly Reason[] {
  const old = allocations.filter(
    ({ TaskGroup, DesiredStatus, ClientStatus, JobVersion }) =>
      TaskGroup === name && DesiredStatus === "run" && ClientStatus === "running" && JobVersion !== (job.Version ?? 0),
  );
  if (old.length === 0) return [];
  const versions = [...new Set(old.map(({ JobVersion }) => JobVersion))].sort((a, b) => a - b).join(", ");
  const which =
    old.length === 1
      ? `1 allocation of group "${name}" still runs`
      : `${old.length} allocations of group "${name}" still run`;
  return [{ kind: "version", group: name, message: `${which} version ${versions} instead of ${job.Version ?? 0}` }];
}

function stoppedReason({ Version, SubmitTime }: HeldJob): Reason {
  const time = momentOf(SubmitTime);
  const registered = time === undefined ? "" : `, registered ${time}`;
  return { kind: "stopped", message: `somebody stopped it (version ${Version ?? 0}${registered})` };
}
