import {
  ApiError,
  passingTrouble,
  whereOf,
  placementInWords,
  type DesiredUpdates,
  type JobJson,
  type NomadClient,
  type PlanResult,
} from "../../nomad";
import { UserError } from "../../jobspec";
import { changesSomething, fieldChanges, type FieldChange } from "./field-changes";
import type { Masking } from "../../masking";

/** What becomes of the allocations of a group. */
export interface GroupPlan {
  readonly name: string;
  /** New ones. */
  readonly create: number;
  /** Changed without a restart. */
  readonly inPlace: number;
  /** Stopped, and started anew with the change. */
  readonly replace: number;
  /** Placed beside the old ones, until they are promoted. */
  readonly canaries: number;
  /** Moved to another node. */
  readonly migrate: number;
  readonly stop: number;
  /** Of other jobs, stopped to make room. */
  readonly preempt: number;
  readonly unchanged: number;
  /** Why some find no node, in words. */
  readonly blocked?: string;
}

/** What Nomad would do with a job. */
export interface JobPlan {
  readonly job: string;
  readonly path: string;
  readonly region?: string;
  readonly namespace?: string;
  readonly change: "create" | "update" | "none";
  /** The modify index for which this is true; 0 where there is no such job. */
  readonly modifyIndex: number;
  readonly groups: readonly GroupPlan[];
  readonly fields: readonly FieldChange[];
  /** What the server warns of, deprecated fields among it. */
  readonly warnings: readonly string[];
  /** When it would be launched next, for a periodic job: ISO 8601. */
  readonly nextLaunch?: string;
}

/** The same with what it was made of. */
export interface Planned {
  readonly plan: JobPlan;
  /** What is registered: what the stack wants, with the counts that a scaling policy owns. */
  readonly job: JobJson;
}

/** Asks Nomad what it would do with a job of a stack. */
export async function planJob(
  nomad: NomadClient,
  wanted: { readonly path: string; readonly job: JobJson },
  masking: Masking,
  signal?: AbortSignal,
): Promise<Planned> {
  const job = await withScaledCounts(nomad, wanted.job);
  try {
    const result = await nomad.plan(job, signal);
    return { plan: read(result, wanted.path, job, masking), job };
  } catch (error) {
    if (!(error instanceof ApiError) || passingTrouble(error) !== undefined) throw error;
    throw UserError.at(wanted.path, refusal(error, job), "server");
  }
}

function read(result: PlanResult, path: string, job: JobJson, masking: Masking): JobPlan {
  const { Diff: diff } = result;
  const updates = Object.entries(result.Annotations?.DesiredTGUpdates ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const launch = result.NextPeriodicLaunch;
  const change = !diff || diff.Type === "Added" ? "create" : changesSomething(diff) ? "update" : "none";
  return {
    job: job.ID,
    path,
    ...whereOf(job),
    change,
    modifyIndex: result.JobModifyIndex,
    groups: updates.map(([name, update]) => groupPlan(name, change === "none" ? unchanged(update) : update, result)),
    fields: diff && diff.Type === "Edited" ? fieldChanges(diff, masking) : [],
    warnings: warningsOf(result.Warnings),
    ...optional({ nextLaunch: launch ?? undefined }),
  };
}

function groupPlan(name: string, update: DesiredUpdates, { FailedTGAllocs: failures }: PlanResult): GroupPlan {
  const failure = failures?.[name];
  return {
    name,
    create: update.Place,
    inPlace: update.InPlaceUpdate,
    replace: update.DestructiveUpdate,
    canaries: update.Canary,
    migrate: update.Migrate,
    stop: update.Stop,
    preempt: update.Preemptions,
    unchanged: update.Ignore,
    ...optional({ blocked: failure && placementInWords(failure) }),
  };
}

/** Nomad finds a change in every scaling policy, even in the same one, and would write the same allocations again. */
function unchanged(update: DesiredUpdates): DesiredUpdates {
  return { ...update, Ignore: update.Ignore + update.InPlaceUpdate, InPlaceUpdate: 0 };
}

interface ScaledGroup {
  readonly Name?: string;
  readonly Count?: number | null;
  readonly Scaling?: {
    readonly Enabled?: boolean | null;
    readonly Min?: number | null;
    readonly Max?: number | null;
  } | null;
}

/**
 * The job with the counts that its groups have now, where a scaling policy owns them: an autoscaler, or somebody through the scaling
 * API, changed them on purpose. A count out of the policy's limits is brought back into them.
 */
export async function withScaledCounts(nomad: NomadClient, job: JobJson): Promise<JobJson> {
  const groups = (job.TaskGroups ?? []) as readonly ScaledGroup[];
  if (!groups.some(isScaled)) return job;
  const held = await nomad.where(job).job(job.ID);
  const now = new Map(((held?.TaskGroups ?? []) as readonly ScaledGroup[]).map((group) => [group.Name, group.Count]));
  return {
    ...job,
    TaskGroups: groups.map((group) => {
      const count = isScaled(group) ? now.get(group.Name) : undefined;
      if (typeof count !== "number" || held?.Stop === true) return group;
      const { Min: min, Max: max } = group.Scaling ?? {};
      return { ...group, Count: Math.max(min ?? 0, Math.min(max ?? count, count)) };
    }),
  };
}

/** Whether a scaling policy owns a group's count. */
export function isScaled(group: ScaledGroup): boolean {
  return Boolean(group.Scaling) && group.Scaling?.Enabled !== false;
}

/** Asks a server for something, and says what it refuses as a mistake at a path. */
export async function asUserError<T>(path: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw UserError.at(path, warningsOf(error.body).join("; "), "server");
  }
}

/** A server nests what it says in a tree of bullets. */
export function warningsOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^[\s*]+/, "").trim())
    .filter(
      (line) =>
        line !== "" &&
        !/^\d+ (?:warnings?|errors? occurred):?$/.test(line) &&
        !/has warnings: \d+ errors? occurred:$/.test(line),
    );
}

function refusal(error: ApiError, job: JobJson): string {
  const said = warningsOf(error.body).join("; ");
  if (/nonexistent namespace/.test(said))
    return `there is no namespace "${String(job.Namespace)}" on ${error.api}; make it with: nomad namespace apply ${String(job.Namespace)}`;
  return error.status >= 500 && said === "" ? error.message : said;
}

function optional<T extends object>(values: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  ) as never;
}
