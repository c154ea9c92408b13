import {
  ApiError,
  flattened,
  launchesOthers,
  passingTrouble,
  whereOf,
  type DesiredUpdates,
  type JobJson,
  type NomadClient,
  type PlanResult,
} from "../../nomad";
import { ChangedMeanwhile, RefusedByServer } from "../../errors";
import { countIn } from "../../jobspec/host";
import { changesSomething, fieldChanges } from "./field-changes";
import { groupPlacementInWords } from "./node-demands";
import { roomLeft } from "./room-left";
import type { Masking } from "../../masking";
import type { Space } from "../capacity";
import { groupsOf, ownedGroups, withCountsOf } from "./scaled-counts";
import type { GroupPlan, JobPlan, Planned } from "./plans";
import { withStopsInPlace } from "./stops-in-place";
import { shellQuoted } from "../../text";

export type { GroupPlan, JobPlan, Planned } from "./plans";

/** How often a job is planned again that changes while it is planned. */
const TRIES = 20;

/**
 * Asks Nomad what it would do with a job of a stack. The counts that a scaling policy owns, the plan, and the index that it holds for come
 * from one state of the job: where an autoscaler changes it in between, it is planned again.
 *
 * @throws UserError where the server refuses the job, or it changes all the time
 */
export async function planJob(
  nomad: NomadClient,
  wanted: { readonly path: string; readonly job: JobJson; readonly source?: string },
  masking: Masking,
  signal?: AbortSignal,
): Promise<Planned> {
  const scaled = ownedGroups(wanted.job).length > 0;
  for (let tries = 0; tries < TRIES; tries += 1) {
    signal?.throwIfAborted();
    const held = scaled ? await nomad.where(wanted.job).job(wanted.job.ID) : undefined;
    masking.learn(held);
    const job = scaled ? withCountsOf(wanted.job, held) : wanted.job;
    const result = await askForPlan(nomad, { job, path: wanted.path, masking }, signal);
    if (scaled && result.JobModifyIndex !== Number(held?.JobModifyIndex ?? 0)) continue;
    const left = await roomLeft(nomad.where(job), job, result, signal);
    const plan = read(result, { path: wanted.path, job, masking, left });
    const whole =
      plan.change === "none" ? await withMissing(plan, job, nomad) : await withStopsInPlace(plan, job, nomad);
    return { plan: whole, job, source: wanted.source, held };
  }
  throw new ChangedMeanwhile(wanted.path, "changes all the time while it is planned; try again");
}

async function askForPlan(
  nomad: NomadClient,
  { job, path, masking }: { readonly job: JobJson; readonly path: string; readonly masking: Masking },
  signal?: AbortSignal,
): Promise<PlanResult> {
  try {
    return await nomad.plan(job, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || passingTrouble(error) !== undefined) throw error;
    throw new RefusedByServer(path, masking.text(refusal(error)));
  }
}

/** What a plan is read with. */
interface Reading {
  readonly path: string;
  readonly job: JobJson;
  readonly masking: Masking;
  /** What nodes have left, by group: see {@link roomLeft}. */
  readonly left: ReadonlyMap<string, Space>;
}

function read(result: PlanResult, { path, job, masking, left }: Reading): JobPlan {
  const { Diff: diff } = result;
  const updates = Object.entries(result.Annotations?.DesiredTGUpdates ?? {})
    .map(([name, update]) => [name, { ...update, Place: placements(job, update) }] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const launch = result.NextPeriodicLaunch;
  const launches = launchesOthers(job);
  const places = !launches && updates.some(([, { Place }]) => Place > 0);
  const same = places ? ("place" as const) : ("none" as const);
  const change = !diff || diff.Type === "Added" ? "create" : changesSomething(diff) ? "update" : same;
  const stays = change === "none" || change === "place";
  const planned = updates.map(([name, update]) =>
    groupPlan(name, stays ? unchanged(update) : update, result, { job, left }),
  );
  const { groups, warnings } = launches ? withoutLaunched(planned) : { groups: planned, warnings: [] };
  return {
    job: job.ID,
    path,
    ...whereOf(job),
    change,
    modifyIndex: result.JobModifyIndex,
    groups,
    fields: diff && diff.Type === "Edited" ? fieldChanges(diff, masking) : [],
    warnings: [...flattened(result.Warnings).map((warning) => masking.text(warning)), ...(stays ? [] : warnings)],
    ...optional({ nextLaunch: launch ?? undefined }),
  };
}

/**
 * Takes out of the plan of a job that launches others what one launch would place: a plan counts that as if it were placed now. Where a launch would find no
 * node, that is no fault of what is registered, and may be another when it is launched: it is warned of.
 */
function withoutLaunched(planned: readonly GroupPlan[]): Pick<JobPlan, "groups" | "warnings"> {
  const groups = planned.map(({ blocked: _, ...group }) => ({ ...group, create: 0, preempt: 0 }));
  return {
    groups: groups.filter(({ name: _, ...counts }) => Object.values(counts).some((count) => count > 0)),
    warnings: planned.flatMap(({ name, blocked }) =>
      blocked === undefined ? [] : [`what it launches would find no node for group "${name}" now: ${blocked}`],
    ),
  };
}

/**
 * How many allocations of a group a plan would place. For system jobs Nomad 1.11 counts in `Place` every node that the group fits, those that
 * have an allocation among them; the releases before it counted what is placed anew, as for all other jobs.
 */
export function placements(job: JobJson, { Place, Ignore, InPlaceUpdate, DestructiveUpdate }: DesiredUpdates): number {
  if (job.Type !== "system") return Place;
  const kept = Ignore + InPlaceUpdate + DestructiveUpdate;
  return Place >= kept ? Place - kept : Place;
}

/** A plan leaves out what failed and is not rescheduled: Nomad counts it as if it ran. */
async function withMissing(plan: JobPlan, job: JobJson, nomad: NomadClient): Promise<JobPlan> {
  const isService = !job.Type || job.Type === "service";
  if (!isService && job.Type !== "system") return plan;
  const counts = new Map(groupsOf(job).map((group) => [group.Name, countIn(group)] as const));
  const now = (await nomad.where(job).summary(job.ID))?.Summary ?? {};
  const groups = plan.groups.map((group) => {
    const { Running = 0, Starting = 0, Queued = 0, Unknown: unknown = 0 } = now[group.name] ?? {};
    const failed = isService ? (counts.get(group.name) ?? 0) - Running - Starting - Queued - unknown : 0;
    const missing = Math.max(0, failed);
    if (missing + unknown === 0) return group;
    const unchanged = Math.max(0, group.unchanged - missing - unknown);
    return { ...group, unchanged, ...(missing > 0 ? { missing } : {}), ...(unknown > 0 ? { unknown } : {}) };
  });
  return { ...plan, groups };
}

/** Whether allocations of a job are missing, though the job itself stays as it is: they are to be placed, failed, are unknown, or find no node. */
export function lacksAllocations({ change, groups }: JobPlan): boolean {
  if (change !== "none") return change === "place";
  return groups.some(({ missing = 0, unknown = 0, blocked }) => missing + unknown > 0 || blocked !== undefined);
}

function groupPlan(
  name: string,
  update: DesiredUpdates,
  { FailedTGAllocs: failures }: PlanResult,
  { job, left }: Pick<Reading, "job" | "left">,
): GroupPlan {
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
    ...optional({ blocked: failure && groupPlacementInWords(job, name, failure, left.get(name)) }),
  };
}

/** Nomad finds a change in every scaling policy, even in the same one, and would write the same allocations again. */
function unchanged(update: DesiredUpdates): DesiredUpdates {
  return { ...update, Ignore: update.Ignore + update.InPlaceUpdate, InPlaceUpdate: 0 };
}

/** Asks a server for something, and says what it refuses as a mistake at a path. */
export async function asUserError<T>(path: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new RefusedByServer(path, flattened(error.body).join("; "));
  }
}

function refusal(error: ApiError): string {
  const reason = flattened(error.body).join("; ");
  // Of the job or of NOMAD_NAMESPACE: the server knows which it was.
  const namespace = /nonexistent namespace "([^"]*)"/.exec(reason)?.[1];
  if (namespace !== undefined)
    return `there is no namespace "${namespace}" on ${error.api}; make it with: nomad namespace apply ${shellQuoted(namespace)}, or name another in the job or in NOMAD_NAMESPACE`;
  const vault = /Vault "([^"]*)" not enabled but used in the job/.exec(reason)?.[1];
  if (vault !== undefined)
    return `${error.api} knows no Vault "${vault}", which the job uses (${reason}); give its servers and clients a vault block, the embedded cluster one with: cdk-nomad down, then cdk-nomad up --vault; or take the vault block out of the job`;
  return reason === "" ? error.message : reason;
}

function optional<T extends object>(values: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  ) as never;
}
