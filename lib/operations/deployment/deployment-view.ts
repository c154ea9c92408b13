import {
  whereOf,
  type AllocationStub,
  type Deployment,
  type DeploymentState,
  type JobJson,
  type PlacementFailure,
  type TaskState,
} from "../../nomad";
import { groupPlacementInWords } from "../plan";
import type { Condition, JobState } from "./condition";
import type { FailingCheck } from "./failing-checks";

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
  /** Its checks that do not pass. */
  readonly checks: readonly FailingCheck[];
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
  /** Until when the next allocation has to be healthy: ISO 8601. */
  readonly deadline: string | undefined;
  readonly allocations: readonly AllocationView[];
  /** Why allocations find no node, in words. */
  readonly blocked: string | undefined;
}

/** A deployment at one moment. */
export interface DeploymentView {
  readonly job: string;
  /** The region and the namespace that the job names. */
  readonly region: string | undefined;
  readonly namespace: string | undefined;
  readonly deployment: string | undefined;
  readonly version: number | undefined;
  readonly status: Deployment["Status"] | "evaluating" | "unchanged";
  readonly description: string;
  readonly groups: readonly GroupView[];
}

/** What a view is made of. */
export interface Seen {
  readonly deployment?: Deployment;
  readonly allocations?: readonly AllocationStub[];
  readonly failures?: Readonly<Record<string, PlacementFailure>>;
  readonly checks?: readonly FailingCheck[];
  /** What is to be said of the job, where no deployment says it. */
  readonly condition?: Condition;
}

/** Makes the view of a deployment out of what the servers say. */
export function viewOf(job: JobJson, seen: Seen = {}): DeploymentView {
  const { deployment, failures = {}, condition } = seen;
  const counted = condition?.groups.map(({ name }) => name) ?? [];
  const { region, namespace } = whereOf(job);
  const names = [
    ...new Set([...Object.keys(deployment?.TaskGroups ?? {}), ...counted, ...Object.keys(failures)]),
  ].sort();
  return {
    job: job.ID,
    region,
    namespace,
    deployment: deployment?.ID,
    version: deployment?.JobVersion,
    status: condition ? STATUS[condition.state] : (deployment?.Status ?? "evaluating"),
    description: condition ? "" : (deployment?.StatusDescription ?? ""),
    groups: names.map((name) => groupView(job, name, deployment?.TaskGroups?.[name], seen)),
  };
}

/** What a job without a deployment would be called, had it one. */
const STATUS: Readonly<Record<JobState, DeploymentView["status"]>> = {
  healthy: "successful",
  complete: "successful",
  ready: "successful",
  running: "running",
  deploying: "running",
  degraded: "running",
  "waiting-for-promotion": "running",
  unknown: "running",
  failed: "failed",
  stopped: "failed",
  missing: "failed",
};

function groupView(job: JobJson, name: string, state: DeploymentState | undefined, seen: Seen): GroupView {
  const { failures = {} } = seen;
  const failure = Object.hasOwn(failures, name) ? failures[name] : undefined;
  const counted = seen.condition?.groups.find((group) => group.name === name);
  return {
    name,
    desired: counted?.desired ?? state?.DesiredTotal ?? 0,
    placed: counted ? counted.running + counted.starting : (state?.PlacedAllocs ?? 0),
    healthy: counted ? counted.running + (counted.complete ?? 0) : (state?.HealthyAllocs ?? 0),
    unhealthy: counted?.failed ?? state?.UnhealthyAllocs ?? 0,
    canaries: state?.DesiredCanaries ?? 0,
    promoted: state?.Promoted ?? false,
    deadline: state?.RequireProgressBy ?? undefined,
    allocations: (seen.allocations ?? [])
      .filter((allocation) => allocation.TaskGroup === name)
      .map((allocation) => allocationView(allocation, seen.checks ?? [])),
    blocked: failure && groupPlacementInWords(job, name, failure),
  };
}

/** One allocation, as somebody who watches wants to see it. @param checks those of all that do not pass */
export function allocationView(allocation: AllocationStub, checks: readonly FailingCheck[]): AllocationView {
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
    checks: checks.filter((check) => check.allocation === allocation.ID),
  };
}
