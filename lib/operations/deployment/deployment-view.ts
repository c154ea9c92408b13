import {
  placementInWords,
  type AllocationStub,
  type Deployment,
  type PlacementFailure,
  type TaskState,
} from "../../nomad";

/** One allocation of a deployment, as somebody who watches wants to see it. */
export interface AllocationView {
  readonly id: string;
  readonly status: AllocationStub["ClientStatus"];
  readonly healthy: boolean | undefined;
  readonly canary: boolean;
  readonly tasks: readonly {
    readonly name: string;
    readonly state: TaskState["State"];
    readonly failed: boolean;
    readonly restarts: number;
    readonly last: string;
  }[];
}

/** One group of a deployment. */
export interface GroupView {
  readonly name: string;
  readonly desired: number;
  readonly placed: number;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly canaries: number;
  readonly promoted: boolean;
  readonly allocations: readonly AllocationView[];
  /** Why allocations find no node, in words. */
  readonly blocked: string | undefined;
}

/** A deployment at one moment. */
export interface DeploymentView {
  readonly job: string;
  readonly version: number | undefined;
  readonly status: Deployment["Status"] | "evaluating" | "unchanged";
  readonly description: string;
  readonly groups: readonly GroupView[];
}

/** Makes the view of a deployment out of what the server says. */
export function viewOf(
  job: string,
  deployment: Deployment | undefined,
  allocations: readonly AllocationStub[],
  failures: Readonly<Record<string, PlacementFailure>>,
): DeploymentView {
  const names = [...new Set([...Object.keys(deployment?.TaskGroups ?? {}), ...Object.keys(failures)])].sort();
  return {
    job,
    version: deployment?.JobVersion,
    status: deployment?.Status ?? "evaluating",
    description: deployment?.StatusDescription ?? "",
    groups: names.map((name) => {
      const state = deployment?.TaskGroups?.[name];
      const failure = failures[name];
      return {
        name,
        desired: state?.DesiredTotal ?? 0,
        placed: state?.PlacedAllocs ?? 0,
        healthy: state?.HealthyAllocs ?? 0,
        unhealthy: state?.UnhealthyAllocs ?? 0,
        canaries: state?.DesiredCanaries ?? 0,
        promoted: state?.Promoted ?? false,
        allocations: allocations.filter((allocation) => allocation.TaskGroup === name).map(allocationView),
        blocked: failure && placementInWords(failure),
      };
    }),
  };
}

function allocationView(allocation: AllocationStub): AllocationView {
  return {
    id: allocation.ID,
    status: allocation.ClientStatus,
    healthy: allocation.DeploymentStatus?.Healthy ?? undefined,
    canary: allocation.DeploymentStatus?.Canary ?? false,
    tasks: Object.entries(allocation.TaskStates ?? {}).map(([name, state]) => ({
      name,
      state: state.State,
      failed: state.Failed,
      restarts: state.Restarts,
      last: state.Events?.at(-1)?.DisplayMessage ?? "",
    })),
  };
}
