/** The key of a job's meta that says which kind of manager registered it. */
export const REGISTERED_BY = "registered_by";

/** Which generation somebody chose, and the newest that was there then. */
export interface Choice {
  /** The id of the job that was chosen. */
  readonly job: string;
  /** The index at which Nomad made the newest job that was there then: a newer one ends the choice. */
  readonly newest: number;
}

/** A job of a pool, and the index at which Nomad made it: the larger, the newer. */
export interface Made {
  readonly job: string;
  readonly created: number;
}

/**
 * The generation that is leased of: the newest one, unless somebody chose another since that came up. All others take no new leases.
 */
export function currentOf<T extends Made>(generations: readonly T[], choice: Choice | undefined): T | undefined {
  const newest = [...generations].sort((a, b) => b.created - a.created)[0];
  if (!newest || !choice || newest.created > choice.newest) return newest;
  return generations.find(({ job }) => job === choice.job) ?? newest;
}

/** A record of a pool in which a job is chosen of those that are there; the same object where it is chosen already. */
export function choosing<T extends { readonly choice?: Choice }>(job: string, there: readonly Made[], now: T): T {
  const newest = Math.max(0, ...there.map(({ created }) => created));
  return now.choice?.job === job && now.choice.newest >= newest ? now : { ...now, choice: { job, newest } };
}
