import { countIn } from "../../jobspec/host";
import type { JobJson, NomadClient } from "../../nomad";
import { isolationOf, type Place } from "../execution";
import { SHARED_META } from "../jobs";
import { isOfPool, jobsOfPool, REGISTERED_BY, type Made } from "../generations";

/** One job of a pool: a template of it that is, or was, the pool's. */
export interface Generation extends Made {
  /** What a scaling names, so that it is made once. */
  readonly modified: number;
  readonly group: string;
  readonly task: string;
  /** How many containers it is to have. */
  readonly count: number;
  readonly isolation: Place["isolation"];
  /** Whether its users may share what keeps nothing apart, as its meta says. */
  readonly isShared: boolean;
  /** Which kind of manager registered it, as its meta says; undefined where somebody else deployed it. */
  readonly registeredBy: string | undefined;
}

/** What only a server says of a job. */
interface HeldFields {
  readonly CreateIndex?: number;
  readonly JobModifyIndex?: number;
}

/** The generation that a job is, or undefined where it is stopped, or of another pool. */
export function generationFrom(json: JobJson | undefined, pool: string): Generation | undefined {
  const job = json as (JobJson & HeldFields) | undefined;
  if (!job || !isOfPool(job, pool)) return undefined;
  const [group] = job.TaskGroups ?? [];
  const [task] = group?.Tasks ?? [];
  if (!group || !task) return undefined;
  return {
    job: job.ID,
    created: job.CreateIndex ?? 0,
    modified: job.JobModifyIndex ?? 0,
    group: group.Name ?? "",
    task: task.Name ?? "",
    count: countIn(group),
    isolation: isolationOf(task.Driver ?? "", task.Config),
    isShared: job.Meta?.[SHARED_META] === "true",
    registeredBy: job.Meta?.[REGISTERED_BY],
  };
}

/** Every generation of a pool that is registered. */
export async function generationsOf(nomad: NomadClient, pool: string): Promise<readonly Generation[]> {
  return (await jobsOfPool(nomad, pool)).flatMap((job) => generationFrom(job, pool) ?? []);
}
