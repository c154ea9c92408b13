import pLimit from "p-limit";
import { launchesOthers, momentOf, whereOf, type ConsulClient, type JobSummary, type NomadClient } from "../../nomad";
import { type RetryOptions, withRetries } from "../events";
import { AT_ONCE, revertOf, type Revert } from "../plan";
import type { Masking } from "../../masking";
import type { StackObject } from "../stack";
import { conditionOf, conditionWithServices, type Condition, type GroupStatus, type JobState } from "./condition";
import { allocationView, viewOf, type AllocationView, type DeploymentView } from "./deployment-view";
import { askAboutJob, placementFailuresOf, type JobAnswers } from "./job-answers";
import { newestAllocations } from "./newest-allocations";
import type { Reason } from "./reason";
import type { StackJob } from "./stack-jobs";

/** A job that was dispatched, or launched by the clock. */
export interface ChildStatus {
  readonly job: string;
  readonly state: JobState;
  /** When it was launched: ISO 8601. Absent where the server does not say. */
  readonly submitted?: string;
  /** Why it failed, or what it waits for. */
  readonly reasons: readonly Reason[];
}

/** What a periodic or parameterized job launched. */
export interface Children {
  readonly pending: number;
  readonly running: number;
  /** Those that have ended, well or not. */
  readonly ended: number;
  /** The newest first, five at most. */
  readonly newest: readonly ChildStatus[];
}

/** What became of a job of a stack. */
export interface JobStatus {
  readonly job: string;
  readonly path: string;
  readonly region?: string;
  readonly namespace?: string;
  readonly state: JobState;
  readonly version?: number;
  /** When that version was submitted: ISO 8601. */
  readonly submitted?: string;
  /** Where it runs a version that it was taken back to. */
  readonly revert?: Revert;
  readonly groups: readonly GroupStatus[];
  /** Why it is not as it shall be, or what is waited for; empty where all is well. */
  readonly reasons: readonly Reason[];
  /** Its newest deployment. */
  readonly deployment?: DeploymentView;
  /** What it launched, where it is periodic or parameterized. */
  readonly children?: Children;
  /** Those that run, start, or failed and were not replaced; absent where nobody asks for them. */
  readonly allocations?: readonly ListedAllocation[];
}

/** An allocation of a job. */
export interface ListedAllocation extends Omit<AllocationView, "checks" | "healthy"> {
  readonly group: string;
  /** The name that Nomad gave it, such as `web.app[0]`. */
  readonly name: string;
  readonly version: number;
  /** The name of the node that it is on; where the server does not say it, the first digits of its id. */
  readonly node: string;
  /** Whether its deployment found it healthy; absent where nothing says so. */
  readonly healthy?: boolean;
}

/** Children of one job that are asked about. */
const CHILDREN_SHOWN = 5;

/** What asking what became of jobs takes. */
export interface StatusOptions extends RetryOptions {
  readonly nomad: NomadClient;
  /** Asked how services do, and what their checks answered. Default: Nomad's own services alone are asked about. */
  readonly consul?: ConsulClient;
  /** What the run hides: it learns the secrets of the jobs as the servers hold them, which reasons may quote. */
  readonly masking: Masking;
  /** Whether the allocations of each job are listed. Default: they are not. */
  readonly allocations?: boolean;
}

/** Says what became of every job of a stack, or of those that somebody asks about. */
export async function stackStatus(
  objects: readonly StackObject[],
  options: StatusOptions,
): Promise<readonly JobStatus[]> {
  const limit = pLimit(AT_ONCE);
  const jobs = objects.filter((item) => item.kind === "job");
  return Promise.all(jobs.map((item) => limit(() => jobStatus(item, options))));
}

/** Says what became of one job. */
export async function jobStatus({ path, job }: StackJob, options: StatusOptions): Promise<JobStatus> {
  const nomad = options.nomad.where(job);
  const answers = await withRetries(() => askAboutJob(nomad, job.ID), options);
  const where = { job: job.ID, path, ...whereOf(job) };
  if (!answers) return { ...where, state: "missing", groups: [], reasons: [] };
  options.masking.learn(answers.job);
  const { Version: version = 0 } = answers.job;
  const submitted = momentOf(answers.job.SubmitTime);
  const condition = await conditionWithServices(answers, { nomad, consul: options.consul });
  const children = launchesOthers(answers.job)
    ? await withRetries(() => childrenStatus(nomad, answers, options.masking), options)
    : undefined;
  const revert = await withRetries(() => revertOfHeld(nomad, answers), options);
  return {
    ...where,
    ...withChildren(condition, children),
    version,
    ...(submitted === undefined ? {} : { submitted }),
    ...(revert ? { revert } : {}),
    groups: condition.groups,
    ...(condition.deployment ? { deployment: deploymentView(answers, condition.deployment) } : {}),
    ...(children ? { children } : {}),
    ...(options.allocations ? { allocations: listed(answers) } : {}),
  };
}

/** Whether what is registered was taken back: there is something to go back to, and something that was taken back, from the third version on. */
async function revertOfHeld(nomad: NomadClient, { job, deployments }: JobAnswers): Promise<Revert | undefined> {
  if ((job.Version ?? 0) < 2 || job.Stop === true) return undefined;
  return revertOf((await nomad.versions(job.ID, { diffs: false })).Versions, deployments);
}

/** Every allocation that runs or starts, and of those that have ended the ones that no other replaced; by name. */
function listed({ job, allocations }: JobAnswers): readonly ListedAllocation[] {
  const newest = new Set(newestAllocations(allocations, job.Type));
  return allocations
    .filter(
      (each) =>
        ["running", "pending", "unknown"].includes(each.ClientStatus) ||
        (each.DesiredStatus === "run" && newest.has(each)),
    )
    .map((allocation) => {
      const { healthy, checks: _checks, ...view } = allocationView(allocation, []);
      const { TaskGroup: group, Name: name = "", JobVersion: version, NodeID = "", NodeName } = allocation;
      const node = NodeName || NodeID.slice(0, 8);
      return { ...view, ...(healthy === undefined ? {} : { healthy }), group, name, version, node };
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : b.version - a.version));
}

function deploymentView(answers: JobAnswers, deployment: NonNullable<Condition["deployment"]>): DeploymentView {
  const blocked = deployment.Status === "running" ? placementFailuresOf(answers.job, answers.evaluations) : {};
  return viewOf(answers.job, { deployment, failures: blocked });
}

/** A job whose newest child that has ended failed, failed itself: nobody else says so. */
function withChildren({ state, reasons }: Condition, children: Children | undefined) {
  const ended = children?.newest.find((child) => child.state === "failed" || child.state === "complete");
  if (state !== "ready" || ended?.state !== "failed") return { state, reasons };
  const why = ended.reasons.map(({ message }) => message).join("; ");
  const reason: Reason = { kind: "child", message: `${ended.job} failed${why === "" ? "" : `: ${why}`}` };
  return { state: "failed" as const, reasons: [reason] };
}

async function childrenStatus(
  nomad: NomadClient,
  { children, summary }: JobAnswers,
  masking: Masking,
): Promise<Children> {
  const shown = children.slice(0, CHILDREN_SHOWN);
  const newest = await Promise.all(shown.map((child) => childStatus(nomad, child, masking)));
  const { Pending = 0, Running = 0, Dead = 0 } = summary?.Children ?? {};
  return { pending: Pending, running: Running, ended: Dead, newest: newest.flat() };
}

/** One that was forgotten meanwhile is left out. */
async function childStatus(
  nomad: NomadClient,
  { ID, SubmitTime }: JobSummary,
  masking: Masking,
): Promise<readonly ChildStatus[]> {
  const answers = await askAboutJob(nomad, ID);
  if (!answers) return [];
  masking.learn(answers.job);
  const { state, reasons } = conditionOf(answers);
  const submitted = momentOf(SubmitTime);
  return [{ job: ID, state, ...(submitted === undefined ? {} : { submitted }), reasons }];
}
