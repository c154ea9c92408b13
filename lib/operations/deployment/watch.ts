import { setTimeout as sleep } from "node:timers/promises";
import type { AllocationStub, Deployment, NomadClient, PlacementFailure, Registration } from "../../nomad";
import { viewOf, type DeploymentView } from "./deployment-view";
import { diagnose, type TaskDiagnosis } from "./diagnosis";

/** How a deployment ended. */
export interface Outcome {
  readonly result: "healthy" | "unchanged" | "registered" | "failed" | "waiting-for-promotion";
  readonly view: DeploymentView;
  /** What is known of tasks that failed. */
  readonly diagnoses: readonly TaskDiagnosis[];
}

/** What watching takes. */
export interface WatchOptions {
  /** Called whenever something changed. */
  readonly onChange: (view: DeploymentView) => void;
  readonly signal?: AbortSignal;
}

const INTERVAL = 200;
/** How long allocations may be without a node before that counts as a failure. */
const PLACEMENT_PATIENCE = 15_000;

/**
 * Watches what a registration brought about until it is healthy, has failed, or waits for somebody.
 *
 * An allocation that used up its restarts counts as a failure at once; Nomad itself would try others until the progress deadline.
 */
export async function watchDeployment(
  nomad: NomadClient,
  job: string,
  registration: Registration,
  options: WatchOptions,
): Promise<Outcome> {
  // Nothing is placed of a job that is dispatched, or launched by the clock, when it is registered.
  if (registration.EvalID === "") return { result: "registered", view: viewOf(job, undefined, [], {}), diagnoses: [] };
  let shown = "";
  let blockedSince: number | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const { deployment, allocations, failures, settled } = await look(nomad, job, registration);
    const view = viewOf(job, deployment, allocations, failures);
    const text = JSON.stringify(view);
    if (text !== shown) options.onChange(view);
    shown = text;

    blockedSince = Object.keys(failures).length > 0 ? (blockedSince ?? Date.now()) : undefined;
    if (settled && !deployment && blockedSince === undefined) {
      const unchanged = { ...view, status: "unchanged" as const };
      return { result: "unchanged", view: unchanged, diagnoses: [] };
    }
    const result = resultOf(deployment, allocations, blockedSince);
    if (result) {
      const suspects = result === "failed" ? allocations : [];
      const diagnoses = (await Promise.all(suspects.map((allocation) => diagnose(nomad, allocation)))).flat();
      return { result, view, diagnoses };
    }
    await sleep(INTERVAL, undefined, { signal: options.signal });
  }
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

async function look(nomad: NomadClient, job: string, registration: Registration): Promise<Look> {
  const [evaluation, deployments] = await Promise.all([nomad.evaluation(registration.EvalID), nomad.deployments(job)]);
  const deployment = deployments.find((candidate) => candidate.JobModifyIndex === registration.JobModifyIndex);
  return {
    deployment,
    allocations: deployment ? await nomad.deploymentAllocations(deployment.ID) : [],
    failures: evaluation.FailedTGAllocs ?? {},
    settled: evaluation.Status === "complete" || evaluation.Status === "blocked",
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

/** Whether every canary is healthy and somebody has to say so. */
function waitsForPromotion(deployment: Deployment): boolean {
  const groups = Object.values(deployment.TaskGroups ?? {}).filter(
    (group) => group.DesiredCanaries > 0 && !group.Promoted,
  );
  return (
    groups.length > 0 && groups.every((group) => !group.AutoPromote && group.HealthyAllocs >= group.DesiredCanaries)
  );
}
