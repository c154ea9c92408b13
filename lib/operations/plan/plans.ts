import type { JobJson } from "../../nomad";
import type { FieldChange } from "./field-changes";

/** What becomes of the allocations of a group. */
export interface GroupPlan {
  readonly name: string;
  /** How many are placed that were not there before. */
  readonly create: number;
  /** How many are changed without a restart. */
  readonly inPlace: number;
  /** How many are stopped, and started again with the change. */
  readonly replace: number;
  /** How many are placed beside the old ones, until they are promoted. */
  readonly canaries: number;
  /** Moved to another node. */
  readonly migrate: number;
  readonly stop: number;
  /** Of other jobs, stopped to make room. */
  readonly preempt: number;
  readonly unchanged: number;
  /**
   * Allocations that shall run, do not, and that Nomad does not place by itself: they failed, and are not rescheduled any more. Absent
   * where there are none.
   */
  readonly missing?: number;
  /**
   * Allocations that run and shall run, and that Nomad would stop all the same, since it counts others that failed as if they ran. Absent where
   * there are none.
   */
  readonly stopsInPlace?: number;
  /** Allocations of which nothing is known, since their nodes do not answer, and that Nomad waits for. Absent where there are none. */
  readonly unknown?: number;
  /** Why some find no node, in words. */
  readonly blocked?: string;
}

/** What Nomad would do with a job. */
export interface JobPlan {
  readonly job: string;
  readonly path: string;
  readonly region?: string;
  readonly namespace?: string;
  /** `place`: the job stays as it is, and allocations of it are missing. */
  readonly change: "create" | "update" | "place" | "none";
  /** The modify index for which this is true; 0 where there is no such job. */
  readonly modifyIndex: number;
  readonly groups: readonly GroupPlan[];
  readonly fields: readonly FieldChange[];
  /** What the server warns of, deprecated fields among it; and what the change would end that somebody has leased. */
  readonly warnings: readonly string[];
  /** When it would be launched next, for a periodic job: ISO 8601. */
  readonly nextLaunch?: string;
}

/** The plan of a job, with the job that was planned. */
export interface Planned {
  readonly plan: JobPlan;
  /** What is registered: what the stack wants, with the counts that a scaling policy owns. */
  readonly job: JobJson;
  /** The text that is submitted beside it. */
  readonly source?: string;
  /** The job as it was when it was planned, where its counts were taken from there. */
  readonly held?: JobJson;
}
