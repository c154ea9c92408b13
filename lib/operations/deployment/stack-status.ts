import pLimit from "p-limit";
import { whereOf, type Deployment, type JobCounts, type JobJson, type NomadClient } from "../../nomad";
import { type PatienceOptions, patiently } from "../following";
import { AT_ONCE } from "../plan";
import type { Wanted } from "../stack";
import { viewOf, type DeploymentView } from "./deployment-view";
import { justSubmitted, selectJobs, type WantedJob } from "./selection";
import { waitsForPromotion } from "./watch";

/** Allocations of a group, by their state. */
export interface GroupStatus {
  readonly name: string;
  /** As many as shall run; absent where the nodes say how many. */
  readonly desired?: number;
  readonly running: number;
  readonly starting: number;
  readonly queued: number;
}

/** What became of a job of a stack. */
export interface JobStatus {
  readonly job: string;
  readonly path: string;
  readonly region?: string;
  readonly namespace?: string;
  /**
   * `deploying`: a deployment goes on; `degraded`: fewer run than shall; `failed`: the deployment of the version that runs failed;
   * `ready`: nothing runs until it is dispatched or launched; `stopped`; `missing`: there is no such job.
   */
  readonly state:
    "healthy" | "ready" | "deploying" | "waiting-for-promotion" | "degraded" | "failed" | "stopped" | "missing";
  readonly version?: number;
  /** When that version was submitted: ISO 8601. */
  readonly submitted?: string;
  readonly groups: readonly GroupStatus[];
  /** Its newest deployment. */
  readonly deployment?: DeploymentView;
}

interface HeldJob {
  readonly Type?: string;
  readonly Stop?: boolean;
  readonly Version?: number;
  readonly SubmitTime?: number;
  readonly Periodic?: object | null;
  readonly ParameterizedJob?: object | null;
  readonly TaskGroups?: readonly { readonly Name: string; readonly Count: number }[];
}

/** Says what became of every job of a stack. */
export async function stackStatus(
  wanted: readonly Wanted[],
  options: PatienceOptions & { readonly nomad: NomadClient; readonly job?: string },
): Promise<readonly JobStatus[]> {
  const limit = pLimit(AT_ONCE);
  return Promise.all(selectJobs(wanted, options.job).map((item) => limit(() => jobStatus(item, options))));
}

async function jobStatus(
  { path, job }: WantedJob,
  options: PatienceOptions & { readonly nomad: NomadClient },
): Promise<JobStatus> {
  const nomad = options.nomad.where(job);
  const [held, summary, deployments] = await patiently(
    () => Promise.all([nomad.job(job.ID), nomad.summary(job.ID), nomad.deployments(job.ID)]),
    options,
  );
  const where = { job: job.ID, path, ...whereOf(job) };
  if (!held) return { ...where, state: "missing", groups: [] };
  const { Version: version = 0, SubmitTime: time = 0 } = held as HeldJob;
  const deployment = deployments.find(({ JobVersion }) => JobVersion === version);
  const groups = groupsOf(held, summary);
  return {
    ...where,
    state: stateOf(held, groups, deployment),
    version,
    submitted: new Date(time / 1e6).toISOString(),
    groups,
    ...(deployment ? { deployment: viewOf(job, { deployment }) } : {}),
  };
}

function groupsOf(held: JobJson, counts: JobCounts | undefined): readonly GroupStatus[] {
  const { Type: type, TaskGroups: groups = [], Periodic: periodic, ParameterizedJob: parameterized } = held as HeldJob;
  // What is dispatched or launched runs under ids of its own.
  if (periodic || parameterized) return [];
  return groups.map(({ Name: name, Count: count }) => {
    const { Running = 0, Starting = 0, Queued = 0 } = counts?.Summary?.[name] ?? {};
    const desired = type === "service" || type === "batch" ? { desired: count } : {};
    return { name, ...desired, running: Running, starting: Starting, queued: Queued };
  });
}

function stateOf(
  held: JobJson,
  groups: readonly GroupStatus[],
  deployment: Deployment | undefined,
): JobStatus["state"] {
  const { Stop: stop, Type: type, Periodic: periodic, ParameterizedJob: parameterized } = held as HeldJob;
  if (stop) return "stopped";
  if (periodic || parameterized) return "ready";
  if (deployment?.Status === "failed" || deployment?.Status === "cancelled") return "failed";
  if (deployment && deployment.Status !== "successful")
    return waitsForPromotion(deployment) ? "waiting-for-promotion" : "deploying";
  const degraded = groups.some(({ desired, running, queued }) =>
    type === "service" ? running < (desired ?? 0) : queued > 0,
  );
  if (!degraded) return "healthy";
  return !deployment && justSubmitted(held) ? "deploying" : "degraded";
}
