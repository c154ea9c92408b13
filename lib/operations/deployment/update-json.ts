import type { JobJson } from "../../nomad";

/** An update block in API JSON, as far as it is read here; times in nanoseconds. */
export interface UpdateJson {
  readonly MaxParallel?: number | null;
  readonly MinHealthyTime?: number | null;
  readonly HealthyDeadline?: number | null;
  readonly Canary?: number | null;
  readonly AutoPromote?: boolean | null;
  readonly AutoRevert?: boolean | null;
}

interface GroupJson {
  readonly Name?: string;
  readonly Update?: UpdateJson | null;
}

/**
 * The update settings of each group by its name: what the group has goes over what the job has, as a server merges them.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/update
 */
export function updatesOf(job: JobJson): ReadonlyMap<string, UpdateJson> {
  const { Update: outer, TaskGroups: groups } = job as { readonly Update?: UpdateJson; readonly TaskGroups?: unknown };
  const all = (groups ?? []) as readonly GroupJson[];
  return new Map(all.map(({ Name = "", Update: own }) => [Name, { ...outer, ...own }]));
}

/** Whether a job places canaries that somebody promotes. */
export function hasManualCanary(job: JobJson): boolean {
  return [...updatesOf(job).values()].some(({ Canary, AutoPromote }) => (Canary ?? 0) > 0 && AutoPromote !== true);
}

/** Whether a job goes back by itself where a deployment of it fails. */
export function hasAutoRevert(job: JobJson): boolean {
  return [...updatesOf(job).values()].some(({ AutoRevert }) => AutoRevert === true);
}
