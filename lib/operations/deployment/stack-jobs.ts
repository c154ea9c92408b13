import { UserError } from "../../jobspec";
import { poolOf } from "../../jobspec/host";
import { jobsNamed, parentOf, whereOf, type JobJson } from "../../nomad";
import { namesToWrite, type Wanted } from "../stack";

/** A job of a stack. */
export type WantedJob = Extract<Wanted, { kind: "job" }>;

/**
 * Jobs of a stack, all or those that a name means: an id, where the same id in several regions is one job in each of them; a pool, whose job's id
 * has the mark of a generation; or what a job of the stack launched, or an older generation of a pool, by its own id.
 *
 * @throws UserError where there is none
 */
export function selectJobs(wanted: readonly Wanted[], name?: string): readonly WantedJob[] {
  const jobs = wanted.filter((item) => item.kind === "job");
  const found = name === undefined ? jobs : jobs.flatMap((item) => meantBy(name, item));
  const exact = found.filter(({ job }) => job.ID === name);
  if (exact.length > 0 || found.length > 0) return exact.length > 0 ? exact : found;
  throw UserError.at(
    "--job",
    `there is no job "${name ?? ""}"; ${namesToWrite(
      name ?? "",
      jobs.map(({ job }) => job.ID),
      "(the stack has none)",
    )}`,
    "job",
  );
}

function meantBy(name: string, item: WantedJob): readonly WantedJob[] {
  const { job } = item;
  const pool = poolOf(job.ID, (job as JobJson & { readonly Meta?: Readonly<Record<string, string>> | null }).Meta);
  if (job.ID === name || (pool !== undefined && pool === name)) return [item];
  const isOfIt = parentOf(name) === job.ID || (pool !== undefined && jobsNamed(pool, [name]).has(name));
  // It is not in the stack, and asked about by its own id.
  return isOfIt ? [{ ...item, job: { ...job, ID: name } }] : [];
}

/** How a job is called where it may run in several regions. */
export function nameOf(job: JobJson): string {
  const { region } = whereOf(job);
  return region === undefined ? job.ID : `${job.ID} (${region})`;
}
