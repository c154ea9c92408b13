import type { JobJson } from "./answers";

/** What tells how a job runs; a server adds whether it was dispatched. */
type Kind = Pick<JobJson, "Periodic" | "ParameterizedJob"> & { readonly Dispatched?: unknown };

/** Whether a job runs nothing itself: what is dispatched, or launched by the clock, runs under ids of its own. */
export function launchesOthers({ Periodic, ParameterizedJob, Dispatched }: Kind): boolean {
  return Boolean(Periodic) || (Boolean(ParameterizedJob) && Dispatched !== true);
}
