/** What Nomad's API answers, as far as it is used here. https://developer.hashicorp.com/nomad/api-docs */

export interface Registration {
  readonly EvalID: string;
  readonly JobModifyIndex: number;
  readonly Warnings: string;
}

/** What a server would do with a job. */
export interface PlanResult {
  readonly Annotations: { readonly DesiredTGUpdates: Readonly<Record<string, DesiredUpdates>> | null } | null;
  readonly FailedTGAllocs: Readonly<Record<string, PlacementFailure>> | null;
  readonly Diff: JobDiff | null;
  readonly JobModifyIndex: number;
  readonly NextPeriodicLaunch: string | null;
  readonly Warnings: string;
}

/** How many allocations of a group what happens to. */
export interface DesiredUpdates {
  readonly Ignore: number;
  readonly Place: number;
  readonly Migrate: number;
  readonly Stop: number;
  readonly InPlaceUpdate: number;
  readonly DestructiveUpdate: number;
  readonly Canary: number;
  readonly Preemptions: number;
}

export type DiffType = "None" | "Added" | "Deleted" | "Edited";

export interface FieldDiff {
  readonly Type: DiffType;
  readonly Name: string;
  readonly Old: string;
  readonly New: string;
  readonly Annotations: readonly string[] | null;
}

export interface ObjectDiff {
  readonly Type: DiffType;
  readonly Name: string;
  readonly Fields: readonly FieldDiff[] | null;
  readonly Objects: readonly ObjectDiff[] | null;
}

export interface TaskDiff extends ObjectDiff {
  readonly Annotations: readonly string[] | null;
}

export interface GroupDiff extends ObjectDiff {
  readonly Tasks: readonly TaskDiff[] | null;
  readonly Updates: Readonly<Record<string, number>> | null;
}

export interface JobDiff {
  readonly Type: DiffType;
  readonly ID: string;
  readonly Fields: readonly FieldDiff[] | null;
  readonly Objects: readonly ObjectDiff[] | null;
  readonly TaskGroups: readonly GroupDiff[] | null;
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
  readonly QuotaExhausted?: readonly string[] | null;
  readonly NodesAvailable?: Readonly<Record<string, number>> | null;
  readonly CoalescedFailures?: number;
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
  readonly CreateIndex: number;
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
  readonly DeploymentStatus: {
    readonly Healthy: boolean | null;
    readonly Canary: boolean;
    /** When the node found out. */
    readonly Timestamp: string;
  } | null;
  readonly TaskStates: Readonly<Record<string, TaskState>> | null;
  readonly CreateTime: number;
  readonly ModifyIndex: number;
  /** When the servers wrote it down last: nanoseconds since 1970. */
  readonly ModifyTime: number;
}

/** What a check of one of Nomad's own services said last. */
export interface AllocationCheck {
  readonly Service: string;
  readonly Check: string;
  readonly Status: "success" | "failure" | "pending";
  readonly Output: string;
}

/** Allocations of each group of a job, by their state. */
export interface JobCounts {
  readonly Summary: Readonly<
    Record<string, Readonly<Record<"Queued" | "Complete" | "Failed" | "Running" | "Starting" | "Lost", number>>>
  > | null;
}

export interface JobSummary {
  readonly ID: string;
  readonly Namespace: string;
  readonly Status: string;
  readonly Type: string;
}

/** Something that happened. */
export interface NomadEvent {
  readonly Topic: string;
  readonly Type: string;
  readonly Payload: Readonly<
    Partial<Record<"Allocation" | "Deployment" | "Evaluation", { readonly JobID: string; readonly Namespace: string }>>
  > | null;
}

/** Events of one index; without any it only says that the stream is alive. */
export interface EventBatch {
  readonly Index?: number;
  readonly Events?: readonly NomadEvent[];
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

/** A node of the list of nodes. */
export interface NodeStub {
  readonly ID: string;
  readonly Name: string;
  readonly Datacenter: string;
  readonly Status: string;
  readonly SchedulingEligibility: string;
}

/** What a node has, or keeps for others. MHz and MiB. */
export interface NodeResources {
  readonly Cpu: { readonly CpuShares: number };
  readonly Memory: { readonly MemoryMB: number };
  readonly Disk: { readonly DiskMB: number };
}

export interface NodeJson extends NodeStub {
  readonly NodePool?: string;
  readonly Drivers?: Readonly<Record<string, { readonly Healthy: boolean }>> | null;
  readonly NodeResources: NodeResources & {
    readonly NodeNetworks?:
      readonly { readonly Addresses?: readonly { readonly Alias: string; readonly Address: string }[] | null }[] | null;
  };
  readonly ReservedResources?: Partial<NodeResources> | null;
}

/** What an allocation takes of its node. */
export interface AllocatedResources {
  readonly Tasks?: Readonly<Record<string, Pick<NodeResources, "Cpu" | "Memory">>> | null;
  readonly TaskLifecycles?: Readonly<
    Record<string, { readonly Hook?: string; readonly Sidecar?: boolean } | null>
  > | null;
  readonly Shared?: {
    readonly DiskMB: number;
    readonly Ports?: readonly { readonly Value: number; readonly HostIP: string }[] | null;
  };
}
