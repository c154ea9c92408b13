import { UserError } from "../../jobspec";
import { whereOf, type JobJson } from "../../nomad";
import type { Wanted } from "../stack";

/** A job of a stack. */
export type WantedJob = Extract<Wanted, { kind: "job" }>;

/**
 * Jobs of a stack, all or those with an id: the same id in several regions is one job in each of them.
 *
 * @throws UserError where there is none
 */
export function selectJobs(wanted: readonly Wanted[], id?: string): readonly WantedJob[] {
  const jobs = wanted.filter((item) => item.kind === "job");
  const found = id === undefined ? jobs : jobs.filter(({ job }) => job.ID === id);
  if (found.length > 0) return found;
  const ids = [...new Set(jobs.map(({ job }) => job.ID))];
  throw UserError.at(
    "--job",
    `there is no job "${id ?? ""}"; write one of ${ids.join(", ") || "(the stack has none)"}`,
    "job",
  );
}

/** How a job is called where it may run in several regions. */
export function nameOf(job: JobJson): string {
  const { region } = whereOf(job);
  return region === undefined ? job.ID : `${job.ID} (${region})`;
}
