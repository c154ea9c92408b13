import { UserError } from "../../errors";
import { jobsNamed, parentOf, poolOfJob, whereOf, type JobJson, type NomadClient } from "../../nomad";
import { withRetries, type RetryOptions } from "../events";
import { namesToWrite, type StackObject } from "../stack";

/** A job of a stack. */
export type StackJob = Extract<StackObject, { kind: "job" }>;

/** What is called like something that came of a job of a stack, which the stack does not have, and the cluster may not have either. */
export interface OtherJob {
  readonly kind: "other";
  readonly id: string;
  /** `child`: what the job launched; `generation`: an older job of the pool. */
  readonly is: "child" | "generation";
  readonly of: StackJob;
}

/**
 * Jobs of a stack, all or those that a name means: an id, where the same id in several regions is one job in each of them; a pool, whose job's id
 * has the mark of a generation; or what by its name alone may have come of one.
 *
 * @throws UserError where nothing of the stack can be meant
 */
function selectJobs(objects: readonly StackObject[], name?: string): readonly (StackJob | OtherJob)[] {
  const jobs = objects.filter((item) => item.kind === "job");
  if (name === undefined) return jobs;
  const exact = jobs.filter(({ job }) => job.ID === name);
  if (exact.length > 0) return exact;
  const found = jobs.flatMap((item) => meantBy(name, item));
  if (found.length === 0) throw noSuchJob(name, jobs);
  return found;
}

/**
 * Jobs of a stack, all or those that a name means, for what is done with them: of what came of them nothing is promoted, failed, restarted or
 * taken back, since the stack does not say what it is to be.
 *
 * @throws UserError where there is none, or something else is meant
 */
export function selectOwnJobs(objects: readonly StackObject[], name?: string): readonly StackJob[] {
  return selectJobs(objects, name).map((item) => {
    if (item.kind === "job") return item;
    const { of, id, is } = item;
    const what = is === "child" ? `what ${of.job.ID} launched` : `an older job of the pool ${poolOfJob(of.job) ?? ""}`;
    const message = `"${id}" is no job of the stack, and would be ${what}, of which cdk-nomad status ENV and cdk-nomad logs tell; write ${of.job.ID}`;
    throw UserError.at("--job", message, "job");
  });
}

/**
 * Jobs of a stack, all or those that a name means, to be asked about: also what came of one of them and is on the cluster, as the server holds it.
 *
 * @throws UserError where there is none
 */
export async function jobsToAskAbout(
  objects: readonly StackObject[],
  options: RetryOptions & { readonly nomad: NomadClient; readonly job?: string },
): Promise<readonly StackJob[]> {
  const items = await Promise.all(
    selectJobs(objects, options.job).map((item) => (item.kind === "job" ? item : heldJob(item, options))),
  );
  const found = items.filter((item) => item !== undefined);
  if (found.length > 0 || options.job === undefined) return found;
  throw noSuchJob(
    options.job,
    objects.filter((item) => item.kind === "job"),
  );
}

/** What came of a job, as the server holds it; undefined where there is no such job, or it has nothing to do with that one. */
async function heldJob(
  { id, is, of }: OtherJob,
  options: RetryOptions & { readonly nomad: NomadClient },
): Promise<StackJob | undefined> {
  const held = await withRetries(() => options.nomad.where(of.job).job(id), options);
  if (!held) return undefined;
  const isOfIt = is === "child" ? held.ParentID === of.job.ID : poolOfJob(held) === poolOfJob(of.job);
  // A server names its region and its namespace where the stack names none.
  return isOfIt ? { ...of, job: { ...held, Region: of.job.Region, Namespace: of.job.Namespace } } : undefined;
}

function meantBy(name: string, item: StackJob): readonly (StackJob | OtherJob)[] {
  const pool = poolOfJob(item.job);
  if (pool !== undefined && pool === name) return [item];
  if (parentOf(name) === item.job.ID) return [{ kind: "other", id: name, is: "child", of: item }];
  if (pool === undefined || !jobsNamed(pool, [name]).has(name)) return [];
  return [{ kind: "other", id: name, is: "generation", of: item }];
}

function noSuchJob(name: string, jobs: readonly StackJob[]): UserError {
  const ids = jobs.map(({ job }) => job.ID);
  return UserError.at("--job", `there is no job "${name}"; ${namesToWrite(name, ids, "(the stack has none)")}`, "job");
}

/** How a job is called where it may run in several regions. */
export function nameOf(job: JobJson): string {
  const { region } = whereOf(job);
  return region === undefined ? job.ID : `${job.ID} (${region})`;
}
