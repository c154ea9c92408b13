import type { GroupApi } from "../../jobspec/host";
import {
  isTokenRefused,
  launchesOthers,
  type AllocationStub,
  type Deployment,
  type Evaluation,
  type JobCounts,
  type JobJson,
  type JobSummary,
  type NomadClient,
  type PlacementFailure,
  type PlanResult,
} from "../../nomad";

/** A job as a server holds it, as far as it says what becomes of it. */
export interface HeldJob extends JobJson {
  readonly Type?: string;
  readonly Version?: number;
  readonly SubmitTime?: number;
  readonly CreateIndex?: number;
  readonly JobModifyIndex?: number;
  /** Whether it was dispatched from a parameterized job, whose blocks it has. */
  readonly Dispatched?: boolean;
  readonly TaskGroups?: readonly (GroupApi & { readonly Name: string; readonly Count: number })[];
}

/** Everything that the servers know of a job, asked at one moment. */
export interface JobAnswers {
  readonly job: HeldJob;
  readonly summary: JobCounts | undefined;
  /** The newest first. */
  readonly deployments: readonly Deployment[];
  readonly allocations: readonly AllocationStub[];
  /** When the allocations were as they are here, by the server's own clock: milliseconds since 1970; undefined where it does not say it. */
  readonly answered: number | undefined;
  readonly evaluations: readonly Evaluation[];
  /** What Nomad would do with the job as it is: asked for system jobs, whose nodes say how many shall run. */
  readonly plan: PlanResult | undefined;
  /** Jobs that were dispatched or launched by the clock, the newest first. */
  readonly children: readonly JobSummary[];
}

/** Asks for everything about a job; undefined where there is no such job. */
export async function askAboutJob(nomad: NomadClient, id: string): Promise<JobAnswers | undefined> {
  const job = (await nomad.job(id)) as HeldJob | undefined;
  if (!job) return undefined;
  // Asked before what evaluations bring about: once one is complete, whatever it began is there to be seen.
  const evaluations = await nomad.evaluations(id);
  const [summary, deployments, { allocations, answered }, plan, children] = await Promise.all([
    nomad.summary(id),
    nomad.deployments(id),
    nomad.datedAllocations(id),
    job.Type === "system" && job.Stop !== true ? planOf(nomad, job) : undefined,
    launchesOthers(job) ? childrenOf(nomad, id) : [],
  ]);
  return { job, summary, deployments, allocations, answered, evaluations, plan, children };
}

/**
 * Whether the scheduler has not decided yet what becomes of what was registered last: a registration and a scaling begin an evaluation
 * together with the version, whose deployment begins before that evaluation is complete. Nobody's clock has a part in it.
 */
export function isUndecided(job: HeldJob, evaluations: readonly Evaluation[]): boolean {
  return evaluations.some(
    ({ Status, TriggeredBy, CreateIndex }) =>
      Status === "pending" && REGISTERING.has(TriggeredBy) && CreateIndex >= (job.JobModifyIndex ?? 0),
  );
}

const REGISTERING = new Set(["job-register", "job-scaling"]);

/** Whether a job is done once its tasks have ended. */
export function isBatch({ Type }: JobJson): boolean {
  return Type === "batch" || Type === "sysbatch";
}

/**
 * Why allocations of a job find no node now: what the evaluations say that are blocked, or, where there is none, the newest one. An
 * evaluation keeps its failures after another has placed the allocations, so the older ones say nothing.
 */
export function placementFailuresOf(
  job: HeldJob,
  evaluations: readonly Evaluation[],
): Readonly<Record<string, PlacementFailure>> {
  const ofJob = evaluations
    .filter(({ CreateIndex }) => CreateIndex >= (job.CreateIndex ?? 0))
    .sort((a, b) => a.CreateIndex - b.CreateIndex);
  const blocked = ofJob.filter(({ Status }) => Status === "blocked");
  const telling = blocked.length > 0 ? blocked : ofJob.slice(-1);
  // Groups have the names that people chose, such as "constructor".
  return Object.assign(Object.create(null), ...telling.map(({ FailedTGAllocs }) => FailedTGAllocs ?? {})) as Record<
    string,
    PlacementFailure
  >;
}

/** A token that may read a job need not be one that may plan it. */
async function planOf(nomad: NomadClient, job: JobJson): Promise<PlanResult | undefined> {
  try {
    return await nomad.plan(job);
  } catch (error) {
    if (isTokenRefused(error)) return undefined;
    throw error;
  }
}

async function childrenOf(nomad: NomadClient, id: string): Promise<readonly JobSummary[]> {
  const found = await nomad.jobs(`${id}/`);
  return found.filter(({ ParentID }) => ParentID === id).sort((a, b) => (b.SubmitTime ?? 0) - (a.SubmitTime ?? 0));
}
