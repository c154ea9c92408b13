import type { Drift, JobDrift } from "../operations";

/** What became of a job, as the rest of a sentence. */
export const DRIFT: Readonly<Record<JobDrift["drift"], string>> = {
  purged: "is gone: somebody purged it",
  stopped: "was stopped",
  scaled: "was scaled",
  changed: "was changed",
  lacking: "lacks allocations",
};

/** What became of something in Consul. */
export const IN_CONSUL = { create: "was removed", update: "was changed", delete: "was added", none: "" } as const;

/** What is said of a job that the program has no longer, as the rest of a sentence. */
export const STRAY = "runs still, and the program has it no longer";

/** What is said of what the program has no longer in Consul, as the rest of a sentence. */
export const LEFTOVER = "is there still, and the program has it no longer";

/** "2 of 9 jobs, 1 in Consul". */
export function driftCounts({ jobs, consul, unchanged, strays = [], leftovers = [], foreign = [] }: Drift): string {
  return [
    `${jobs.length} of ${jobs.length + unchanged} jobs`,
    ...(consul.length > 0 ? [`${consul.length} in Consul`] : []),
    ...(strays.length > 0 ? [`${strays.length} ${strays.length === 1 ? "stray" : "strays"}`] : []),
    ...(leftovers.length > 0 ? [`${leftovers.length} left in Consul`] : []),
    ...(foreign.length > 0 ? [`${foreign.length} of other stacks`] : []),
  ].join(", ");
}
