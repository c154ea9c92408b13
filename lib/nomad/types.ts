/** What Nomad's API answers, as far as it is used here. https://developer.hashicorp.com/nomad/api-docs */

export interface Registration {
  readonly EvalID: string;
  readonly JobModifyIndex: number;
  readonly Warnings: string;
}

export interface Evaluation {
  readonly ID: string;
  readonly Status: string;
  readonly StatusDescription: string;
  readonly DeploymentID: string;
  readonly BlockedEval: string;
  readonly FailedTGAllocs: Readonly<Record<string, PlacementFailure>> | null;
}

/** Why allocations of a group found no node. */
export interface PlacementFailure {
  readonly NodesEvaluated: number;
  readonly NodesFiltered: number;
  readonly NodesExhausted: number;
  readonly DimensionExhausted: Readonly<Record<string, number>> | null;
  readonly ConstraintFiltered: Readonly<Record<string, number>> | null;
  readonly ClassFiltered: Readonly<Record<string, number>> | null;
}

export interface DeploymentState {
  readonly DesiredTotal: number;
  readonly DesiredCanaries: number;
  readonly PlacedAllocs: number;
  readonly PlacedCanaries: readonly string[] | null;
  readonly HealthyAllocs: number;
  readonly UnhealthyAllocs: number;
  readonly Promoted: boolean;
  readonly AutoRevert: boolean;
  readonly AutoPromote: boolean;
  readonly RequireProgressBy: string;
}

export interface Deployment {
  readonly ID: string;
  readonly JobID: string;
  readonly JobVersion: number;
  readonly JobModifyIndex: number;
  readonly Status:
    | "running"
    | "paused"
    | "failed"
    | "successful"
    | "cancelled"
    | "initializing"
    | "pending"
    | "blocked"
    | "unblocking";
  readonly StatusDescription: string;
  readonly TaskGroups: Readonly<Record<string, DeploymentState>> | null;
}

export interface TaskEvent {
  readonly Type: string;
  readonly Time: number;
  readonly DisplayMessage: string;
  readonly ExitCode: number;
  readonly Details: Readonly<Record<string, string>> | null;
}

export interface TaskState {
  readonly State: "pending" | "running" | "dead";
  readonly Failed: boolean;
  readonly Restarts: number;
  readonly Events: readonly TaskEvent[] | null;
}

export interface AllocationStub {
  readonly ID: string;
  readonly Name: string;
  readonly JobID: string;
  readonly JobVersion: number;
  readonly TaskGroup: string;
  readonly NodeName: string;
  readonly DesiredStatus: string;
  readonly ClientStatus: "pending" | "running" | "complete" | "failed" | "lost" | "unknown";
  readonly ClientDescription: string;
  readonly DeploymentStatus: { readonly Healthy: boolean | null; readonly Canary: boolean } | null;
  readonly TaskStates: Readonly<Record<string, TaskState>> | null;
  readonly CreateTime: number;
  readonly ModifyIndex: number;
}

export interface JobSummary {
  readonly ID: string;
  readonly Namespace: string;
  readonly Status: string;
  readonly Type: string;
}

/** What somebody submitted as a job. */
export interface Submission {
  readonly Source: string;
  /** `hcl2` or `json`. */
  readonly Format: string;
  /** Values given one by one. */
  readonly VariableFlags: Readonly<Record<string, string>> | null;
  /** The text of the files of variables. */
  readonly Variables: string;
}
