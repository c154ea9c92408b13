import { setTimeout as timer } from "node:timers/promises";
import { UserError } from "../../jobspec";
import type {
  AllocationStub,
  ConsulClient,
  Deployment,
  JobJson,
  NomadClient,
  PlacementFailure,
  Registration,
} from "../../nomad";
import { type Changes, patiently } from "../following";
import { viewOf, type DeploymentView } from "./deployment-view";
import { diagnose, type TaskDiagnosis } from "./diagnosis";
import { FailingChecks } from "./failing-checks";

/** How a deployment ended. */
export interface Outcome {
  /**
   * `unchanged`: nothing was to do; `registered`: there is no deployment to wait for, as of jobs that are dispatched; `timed-out`: it
   * took too long and goes on; `detached`: nobody waited.
   */
  readonly result:
    "healthy" | "unchanged" | "registered" | "failed" | "waiting-for-promotion" | "timed-out" | "detached";
  readonly view: DeploymentView;
  /** What is known of tasks that failed. */
  readonly diagnoses: readonly TaskDiagnosis[];
}

/** A job of a stack with how its deployment ended. */
export interface JobOutcome extends Outcome {
  /** Its path in the program. */
  readonly path: string;
  readonly job: JobJson;
}

/** What watching takes. */
export interface WatchOptions {
  /** Called whenever something changed. */
  readonly onChange: (view: DeploymentView) => void;
  /** Tells when to look again. */
  readonly changes: Changes;
  /** Who is asked about the checks of services. Default: nobody. */
  readonly consul?: ConsulClient;
  /** Called with what is going on where the cluster does not answer. */
  readonly onTrouble?: (text: string) => void;
  readonly signal?: AbortSignal;
  /** When to give up waiting, in milliseconds since 1970. Default: never. */
  readonly until?: number;
  /** Whether a deployment that waits for its promotion is waited for too. Default: false. */
  readonly throughPromotion?: boolean;
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

/** Events come in flocks: between two looks there is at least this much. */
const SHORTEST_INTERVAL = 100;
/** How long allocations may be without a node before that counts as a failure. */
const PLACEMENT_PATIENCE = 15_000;

/**
 * Watches what a registration brought about until it is healthy, has failed, or waits for somebody.
 *
 * An allocation that used up its restarts counts as a failure at once; Nomad itself would try others until the progress deadline.
 */
export async function watchDeployment(
  nomad: NomadClient,
  job: JobJson,
  registration: Begun,
  options: WatchOptions,
): Promise<Outcome> {
  // Nothing is placed of a job that is dispatched, or launched by the clock, when it is registered.
  if (registration.EvalID === "" && registration.deployment === undefined)
    return { result: "registered", view: viewOf(job), diagnoses: [] };
  const failing = new FailingChecks(job, nomad, options.consul);
  let shown = "";
  let blockedSince: number | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const { deployment, allocations, failures, settled } = await patiently(
      () => look(nomad, job.ID, registration),
      // Whoever registered, or looked before, has a token that is good.
      { ...options, trusted: registration.EvalID !== "" || shown !== "" },
    );
    const checks = await failing.of(allocations);
    const view = viewOf(job, { deployment, allocations, failures, checks });
    const text = JSON.stringify(view);
    if (text !== shown) options.onChange(view);
    shown = text;

    const looked = Date.now();
    blockedSince = Object.keys(failures).length > 0 ? (blockedSince ?? Date.now()) : undefined;
    if (settled && !deployment && blockedSince === undefined) {
      return { result: "registered", view, diagnoses: [] };
    }
    const found = resultOf(deployment, allocations, blockedSince);
    const late = options.until !== undefined && looked > options.until ? ("timed-out" as const) : undefined;
    const result = found === "waiting-for-promotion" && options.throughPromotion ? late : (found ?? late);
    if (result) {
      const suspects = result === "failed" ? allocations : [];
      const diagnoses = (await Promise.all(suspects.map((allocation) => diagnose(nomad, allocation)))).flat();
      return { result, view, diagnoses };
    }
    await pause(job.ID, { ...options, blocked: blockedSince !== undefined });
    await sleep(looked + SHORTEST_INTERVAL - Date.now(), options.signal);
  }
}

/** Waits for a change; not longer than somebody is waited for. */
async function pause(job: string, options: WatchOptions & { readonly blocked: boolean }): Promise<void> {
  const limits = [
    ...(options.until === undefined ? [] : [options.until - Date.now()]),
    ...(options.blocked ? [PLACEMENT_PATIENCE / 10] : []),
  ];
  if (limits.length === 0) return options.changes.next(job, options.signal);
  const enough = AbortSignal.timeout(Math.max(1, Math.min(...limits)));
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
  /** The deployment that the registration began: none where nothing has to change. */
  readonly deployment: Deployment | undefined;
  /** What it placed. */
  readonly allocations: readonly AllocationStub[];
  readonly failures: Readonly<Record<string, PlacementFailure>>;
  /** Whether the server has decided what to do. */
  readonly settled: boolean;
}

async function look(nomad: NomadClient, job: string, begun: Begun): Promise<Look> {
  const [evaluation, deployments] = await Promise.all([
    begun.EvalID === "" ? undefined : nomad.evaluation(begun.EvalID),
    nomad.deployments(job),
  ]);
  const deployment = deployments.find(({ ID, JobModifyIndex }) =>
    begun.deployment === undefined ? JobModifyIndex === begun.JobModifyIndex : ID === begun.deployment,
  );
  if (!deployment && begun.EvalID !== "" && evaluation === undefined)
    throw UserError.at(
      job,
      "Nomad knows nothing of it any more: it was purged, or the server lost its state; look with cdk-nomad status, and deploy again",
      "forgotten",
    );
  return {
    deployment,
    allocations: deployment ? await nomad.deploymentAllocations(deployment.ID) : [],
    failures: evaluation?.FailedTGAllocs ?? {},
    settled: evaluation === undefined || evaluation.Status === "complete" || evaluation.Status === "blocked",
  };
}

function resultOf(
  deployment: Deployment | undefined,
  allocations: readonly AllocationStub[],
  blockedSince: number | undefined,
): Outcome["result"] | undefined {
  if (blockedSince !== undefined && Date.now() - blockedSince > PLACEMENT_PATIENCE) return "failed";
  if (!deployment) return undefined;
  if (deployment.Status === "successful") return "healthy";
  if (["failed", "cancelled"].includes(deployment.Status)) return "failed";
  if (allocations.some((allocation) => allocation.ClientStatus === "failed")) return "failed";
  return waitsForPromotion(deployment) ? "waiting-for-promotion" : undefined;
}

/** Whether every canary is healthy, every group without canaries is done, and somebody has to say that it goes on. */
export function waitsForPromotion(deployment: Deployment): boolean {
  const groups = Object.values(deployment.TaskGroups ?? {});
  const canaries = groups.filter((group) => group.DesiredCanaries > 0 && !group.Promoted);
  const rest = groups.filter((group) => group.DesiredCanaries === 0);
  return (
    canaries.length > 0 &&
    canaries.every((group) => !group.AutoPromote && group.HealthyAllocs >= group.DesiredCanaries) &&
    rest.every((group) => group.HealthyAllocs >= group.DesiredTotal)
  );
}
