import type { JobJson } from "../../nomad";

/**
 * The jobs of each region, in their order: the nodes of one take those of no other.
 *
 * @param asked the region of the server that is asked, where jobs that name none are to stand beside those that name it. Default: they stand under undefined
 */
export function jobsByRegion(jobs: readonly JobJson[], asked?: string): ReadonlyMap<string | undefined, JobJson[]> {
  const found = new Map<string | undefined, JobJson[]>();
  for (const job of jobs) {
    const region = typeof job.Region === "string" && job.Region !== "" ? job.Region : asked;
    found.set(region, [...(found.get(region) ?? []), job]);
  }
  return found;
}
