import * as v from "valibot";
import { UserError } from "../../errors";
import { isConflict, slotsOf, type JobJson, type NomadClient } from "../../nomad";
import { byName } from "../../reading";
import { REGISTERED_BY, type Made } from "../generations";
import type { SlotPoolJob } from "../jobs";

/** What a slot pool reads of its job. */
export interface PoolJobFacts extends Made {
  /** Which kind of manager registered it, as its meta says; undefined where somebody else deployed it. */
  readonly registeredBy: string | undefined;
  /** How many sandboxes it is to have. */
  readonly count: number;
  /** Changes with every change of the job: what a scaling names that is for this count. */
  readonly index: number;
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** Slots of one sandbox. */
  readonly slots: number | undefined;
}

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const group = v.object({
  Name: v.string(),
  Count: v.nullish(whole, 1),
  Scaling: v.nullish(v.object({ Min: v.nullish(whole), Max: v.nullish(whole) })),
});
const wantedFacts = v.object({
  CreateIndex: v.nullish(whole, 0),
  JobModifyIndex: whole,
  Stop: v.nullish(v.boolean(), false),
  Meta: v.nullish(byName(v.string()), () => ({})),
  TaskGroups: v.array(group),
});

/**
 * What the job of a pool says now.
 *
 * @throws UserError where there is no such job, it is stopped, or has no such group
 */
export async function readJob(nomad: NomadClient, id: string, groupName: string): Promise<PoolJobFacts> {
  const job = await nomad.job(id);
  if (job === undefined)
    throw UserError.at("job", `Nomad has no job "${id}"; register it first, or give the job itself`, "slot-pool/job");
  return factsOf(job, groupName);
}

function factsOf(job: JobJson, groupName: string): PoolJobFacts {
  const { Stop, TaskGroups } = v.parse(wantedFacts, job);
  if (Stop) throw UserError.at("job", `the job "${job.ID}" is stopped; register it again`, "slot-pool/job");
  const facts = factsIn(job, groupName);
  if (facts === undefined) {
    const names = TaskGroups.map(({ Name }) => `"${Name}"`).join(", ");
    throw UserError.at(
      "group",
      `the job "${job.ID}" has no group "${groupName}"; write one of its own: ${names}`,
      "slot-pool/group",
    );
  }
  return facts;
}

/** What a job says, or undefined where it has no such group. */
export function factsIn(job: JobJson, groupName: string): PoolJobFacts | undefined {
  const { CreateIndex, JobModifyIndex, Meta, TaskGroups } = v.parse(wantedFacts, job);
  const found = TaskGroups.find(({ Name }) => Name === groupName);
  if (found === undefined) return undefined;
  return {
    job: job.ID,
    created: CreateIndex,
    registeredBy: Meta[REGISTERED_BY],
    count: found.Count,
    index: JobModifyIndex,
    min: found.Scaling?.Min ?? undefined,
    max: found.Scaling?.Max ?? undefined,
    slots: slotsOf(Meta),
  };
}

/** Registers the job of a pool, where Nomad has none of its id: one that is there is left alone, whoever registered it. */
export async function ensureJob(nomad: NomadClient, job: SlotPoolJob): Promise<void> {
  const Job = { ...job.toApi().Job, ID: job.id };
  const standing = await nomad.job(job.id);
  if (standing !== undefined && standing.Stop !== true) return;
  try {
    await nomad.register(Job, Number(standing?.JobModifyIndex ?? 0));
  } catch (error) {
    // Another manager was first.
    if (!isConflict(error)) throw error;
  }
}

/** What says of a job that a slot pool registered it by itself, so that another one knows it from those that are deployed. */
export const THIS_KIND = "slot-pool";

/**
 * The job that a manager registers by itself: it says so in its meta, where a changed one comes up beside it. One that keeps its id is registered as it is, since
 * Nomad would end what runs where a deployment took that out of its meta again.
 */
export function ownJob(job: SlotPoolJob): SlotPoolJob {
  return job.id === job.pool ? job : job.with({ meta: { ...job.meta, [REGISTERED_BY]: THIS_KIND } });
}
