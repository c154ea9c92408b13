import { ChangedMeanwhile } from "../../errors";
import { ApiError, momentOf, whereOf, type JobJson, type NomadClient } from "../../nomad";
import type { StackContents } from "../stack";
import { applyChange, type ConsulChange } from "./consul-changes";
import { fieldChanges, type FieldChange } from "./field-changes";
import { lacksAllocations, type GroupPlan, type JobPlan, type Planned } from "./job-plan";
import type { Masking } from "../../masking";
import { consulChanges, planJobs, type Clients } from "./preview";
import { register } from "./register";
import { findRevert, type RevertedJob } from "./reverts";
import { withReaders } from "./template-readers";

/** What became of a job behind the program's back. */
export interface JobDrift {
  readonly job: string;
  readonly path: string;
  readonly region?: string;
  readonly namespace?: string;
  /**
   * `purged`: it is gone; `stopped`: somebody stopped it; `scaled`: only counts differ; `changed`: other fields do; `reverted`: it was
   * taken back to a version that it had before; `lacking`: it is as the program says, and allocations of it are missing.
   */
  readonly drift: "purged" | "stopped" | "scaled" | "changed" | "reverted" | "lacking";
  /** Of a job that was taken back: from which version to which, and whether the program would bring that again. */
  readonly revert?: RevertedJob;
  /** The version that runs; absent where it is gone. */
  readonly version?: number;
  /** When that version was submitted: ISO 8601. */
  readonly submitted?: string;
  /** The modify index for which this is true. */
  readonly modifyIndex: number;
  /** What differs: `before` is what the cluster has, `after` what the program says. */
  readonly fields: readonly FieldChange[];
  /** Groups of which allocations are missing, would find no node, or would be stopped in the place of others that failed. */
  readonly groups: readonly GroupPlan[];
  /** What that version changed of the one before it. */
  readonly lastChange: readonly FieldChange[];
}

/** Everything that differs from what a stack says. */
export interface Drift {
  readonly environment: string;
  readonly jobs: readonly JobDrift[];
  readonly consul: readonly ConsulChange[];
  /** How many jobs are as the program says. */
  readonly unchanged: number;
  /** Jobs that the stack brought, that its program has no longer, and that run still. Absent where nobody looked. */
  readonly strays?: readonly StrayJob[];
  /** What the stack made in Consul, its program has no longer, and is there still. Absent where nobody looked. */
  readonly leftovers?: readonly { readonly kind: string; readonly name: string }[];
  /** Jobs of the program that another stack brought. Absent where nobody looked. */
  readonly foreign?: readonly (StrayJob & { readonly owner: string })[];
  /** What is not known, and why, as sentences: strays, or jobs of others, where records cannot be read. Absent where all is known. */
  readonly unknown?: readonly string[];
}

/** A job that is not as the program says by being there. */
export interface StrayJob {
  readonly job: string;
  readonly region?: string;
  readonly namespace?: string;
}

/** Drift that was found, with the plans and changes that {@link fixDrift} makes. */
export interface FoundDrift {
  readonly drift: Drift;
  readonly jobs: readonly Planned[];
  readonly consul: readonly ConsulChange[];
}

/** What was put right, and what could not be. */
export interface Fix {
  readonly name: string;
  readonly fixed: boolean;
  /** Why not. */
  readonly reason?: string;
}

/**
 * Looks for what somebody changed behind the program's back. Counts that a scaling policy owns are not looked at.
 *
 * @throws UserError with every job that the server refuses
 */
export async function findDrift(environment: string, contents: StackContents, given: Clients): Promise<FoundDrift> {
  const { masking } = given;
  const clients = { ...given, masking };
  const [planned, consul] = await Promise.all([
    planJobs(contents.objects, clients),
    consulChanges(contents.objects, clients),
  ]);
  const jobs = planned.filter(({ plan }) => plan.change !== "none" || lacksAllocations(plan));
  const changes = withReaders(
    consul.filter(({ change }) => change !== "none"),
    contents.objects,
  );
  const drift = {
    environment,
    jobs: await Promise.all(jobs.map(({ plan, job }) => explain(plan, job, clients.nomad, masking))),
    consul: changes,
    unchanged: planned.length - jobs.length,
  };
  return { drift, jobs, consul: changes };
}

/** Whether anything differs. */
export function hasDrift({ jobs, consul, strays = [], leftovers = [], foreign = [] }: Drift): boolean {
  return [jobs, consul, strays, leftovers, foreign].some(({ length }) => length > 0);
}

async function explain(plan: JobPlan, job: JobJson, nomad: NomadClient, masking: Masking): Promise<JobDrift> {
  const { path, modifyIndex, fields } = plan;
  const lacks = lacksAllocations(plan);
  // A system job finds no node where some take it, and some do not.
  const mayFind = !lacks && job.Type === "system";
  const groups = plan.groups.filter(
    ({ create, missing = 0, unknown = 0, blocked, stopsInPlace = 0 }) =>
      (blocked !== undefined && !mayFind) || (lacks && create + missing + unknown > 0) || stopsInPlace > 0,
  );
  const where = { job: job.ID, path, ...whereOf(job), modifyIndex, groups };
  const found = await nomad.where(job).versions(job.ID);
  const { Versions: versions, Diffs: diffs } = found;
  masking.learn(versions);
  const [held] = versions;
  if (!held || plan.change === "create") return { ...where, drift: "purged", fields: [], lastChange: [] };
  const stopped = held.Stop === true;
  const rest = stopped ? fields.filter(({ place }) => place !== "stop" && place !== "Stop") : fields;
  const scaled = rest.every(({ place }) => /› count$/.test(place));
  const submitted = momentOf(held.SubmitTime);
  const revert =
    plan.change === "update" && !stopped ? await findRevert({ job, fields }, nomad, masking, found) : undefined;
  return {
    ...where,
    drift: revert ? "reverted" : stopped ? "stopped" : lacks ? "lacking" : scaled ? "scaled" : "changed",
    version: Number(held.Version),
    ...(submitted === undefined ? {} : { submitted }),
    ...(revert ? { revert } : {}),
    fields: rest,
    lastChange: diffs?.[0] ? fieldChanges(diffs[0], masking) : [],
  };
}

/** What {@link fixDrift} may do, and whom it tells. */
export interface FixOptions {
  /** Whether jobs are changed that were taken back to a version before. Default: they stay as they are. */
  readonly undoReverts?: boolean;
  /** Called after each change in Consul. */
  readonly onWritten?: () => void;
}

/**
 * Makes the cluster as the stack says again, unless somebody changes it meanwhile: every write holds for the modify index at which the
 * drift was found. What a registration cannot help stays as it is, and is told of.
 *
 * @throws the signal's reason, where it is aborted: what was put right until then stays, and nothing else is written
 */
export async function fixDrift(
  { drift, jobs, consul }: FoundDrift,
  contents: StackContents,
  clients: Clients,
  { undoReverts = false, onWritten = () => undefined }: FixOptions = {},
): Promise<readonly Fix[]> {
  const fixes: Fix[] = [];
  for (const change of consul) {
    clients.signal?.throwIfAborted();
    const object = contents.objects.find(({ path }) => path === change.path);
    const fixed = object !== undefined && (await applyChange(clients.consul, change, object));
    if (fixed) onWritten();
    fixes.push({ name: change.name, fixed, ...(fixed ? {} : { reason: MEANWHILE }) });
  }
  for (const [index, planned] of jobs.entries()) {
    clients.signal?.throwIfAborted();
    const { job } = planned;
    const reason = whyLeft(drift.jobs[index], undoReverts);
    if (reason !== undefined) {
      fixes.push({ name: job.ID, fixed: false, reason });
      continue;
    }
    try {
      await register(planned, clients);
      fixes.push({ name: job.ID, fixed: true });
    } catch (error) {
      fixes.push({ name: job.ID, fixed: false, reason: reasonOf(error, clients) });
    }
  }
  return fixes;
}

/** Why a job is left as it is; undefined where a registration puts it right. */
function whyLeft(found: JobDrift | undefined, undoReverts: boolean): string | undefined {
  if (!found) return undefined;
  if (found.revert && !undoReverts) return REVERTED;
  const way = wayOutOf(found);
  if (way !== "fix" && way !== "mend") return LEFT[way];
  // One that was taken back may be registered all the same, and not with that.
  return stopsWhatRuns(found) ? LEFT["in-place"] : undefined;
}

/**
 * What puts a job right: `fix`: registering it as the program says; `mend`: another program, since this one was taken back; `room`: a node that takes
 * it; `nodes`: its nodes, which do not answer; `try-again`: somebody who knows why it failed; `in-place`: a deployment that may stop what runs in the
 * place of what failed.
 */
export type WayOut = "fix" | "mend" | "room" | "nodes" | "try-again" | "in-place";

/** What puts a job right that is not as the program says. */
export function wayOutOf({ drift, groups, revert }: JobDrift): WayOut {
  if (revert) return "mend";
  if (groups.some(({ blocked }) => blocked !== undefined)) return "room";
  if (stopsWhatRuns({ groups })) return "in-place";
  if (drift !== "lacking") return "fix";
  if (groups.some(({ missing = 0 }) => missing > 0)) return "try-again";
  return groups.every(({ create, unknown = 0 }) => create === 0 && unknown > 0) ? "nodes" : "fix";
}

function stopsWhatRuns({ groups }: Pick<JobDrift, "groups">): boolean {
  return groups.some(({ stopsInPlace = 0 }) => stopsInPlace > 0);
}

/** Why a job was not put right; what is no answer of a server goes on as an error. */
function reasonOf(error: unknown, { masking }: Clients): string {
  if (error instanceof ChangedMeanwhile) return MEANWHILE;
  if (!(error instanceof ApiError)) throw error;
  return masking.text(error.body.trim());
}

const REVERTED =
  "it was taken back to a version before, and stays so; mend the program and deploy it, or bring it as the program says all the same with --undo-reverts";
const LEFT = {
  room: "no node takes it as the program says, and registering it again finds none either; Nomad places what is registered as soon as a node has room: free some, add a node, or let the program ask for less",
  nodes: "nothing is known of what runs on nodes that do not answer; Nomad decides once they do, or are given up",
  "try-again":
    "Nomad starts no others by itself; cdk-nomad status ENV says why, and cdk-nomad deploy ENV --force tries it again",
  "in-place":
    "allocations of it failed, which Nomad counts as if they ran, and it would stop in their place what runs; cdk-nomad deploy ENV --force does that, and places it anew",
} as const;
const MEANWHILE = "somebody changed it meanwhile; look again with: cdk-nomad drift ENV";
