import { poolOf } from "../../jobspec/host";
import type { JobJson, NomadClient } from "../../nomad";
import { isolationOf, type Place } from "../execution";

/** One job of a pool: a template of it that is, or was, the pool's. */
export interface Generation {
  /** The job's id. */
  readonly job: string;
  /** The index at which the job was made: the larger, the newer. */
  readonly created: number;
  /** What a scaling names, so that it is made once. */
  readonly modified: number;
  readonly group: string;
  readonly task: string;
  /** How many containers it is to have. */
  readonly count: number;
  readonly isolation: Place["isolation"];
  /** Which kind of manager registered it, as its meta says; undefined where somebody else deployed it. */
  readonly registeredBy: string | undefined;
}

/** The key of a job's meta that says which kind of manager registered it. */
export const REGISTERED_BY = "registered_by";

/** Which generation somebody chose, and the newest that was there then. */
export interface Choice {
  readonly job: string;
  readonly newest: number;
}

interface JobFields {
  readonly Meta?: Readonly<Record<string, string>> | null;
  readonly Stop?: boolean | null;
  readonly CreateIndex?: number;
  readonly JobModifyIndex?: number;
  readonly TaskGroups?:
    | readonly {
        readonly Name: string;
        readonly Count?: number | null;
        readonly Tasks?: readonly { readonly Name: string; readonly Driver: string }[] | null;
      }[]
    | null;
}

/** The generation that a job is, or undefined where it is stopped, or of another pool. */
export function generationFrom(json: JobJson | undefined, pool: string): Generation | undefined {
  const job = json as (JobJson & JobFields) | undefined;
  if (!job || job.Stop === true || poolOf(job.ID, job.Meta) !== pool) return undefined;
  const [group] = job.TaskGroups ?? [];
  const [task] = group?.Tasks ?? [];
  if (!group || !task) return undefined;
  return {
    job: job.ID,
    created: job.CreateIndex ?? 0,
    modified: job.JobModifyIndex ?? 0,
    group: group.Name,
    task: task.Name,
    count: group.Count ?? 1,
    isolation: isolationOf(task.Driver),
    registeredBy: job.Meta?.[REGISTERED_BY],
  };
}

/** Every generation of a pool that is registered. */
export async function generationsOf(nomad: NomadClient, pool: string): Promise<readonly Generation[]> {
  const ids = (await nomad.jobs(pool)).filter(({ Stop }) => !Stop).map(({ ID }) => ID);
  const jobs = await Promise.all(ids.map((id) => nomad.job(id)));
  return jobs.flatMap((job) => generationFrom(job, pool) ?? []);
}

/**
 * The generation that gives out containers: the newest one, unless somebody chose another since that came up. All others take no new leases.
 */
export function currentOf(generations: readonly Generation[], choice: Choice | undefined): Generation | undefined {
  const newest = [...generations].sort((a, b) => b.created - a.created)[0];
  if (!newest || !choice || newest.created > choice.newest) return newest;
  return generations.find(({ job }) => job === choice.job) ?? newest;
}
