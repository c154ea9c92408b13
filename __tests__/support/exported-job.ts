import { Job } from "../../lib";

/** The job of a module that was written by import: what it exports, or what its function makes without any variables. */
export function exportedJob(module: unknown): Job {
  const [exported] = Object.values(module as Record<string, unknown>);
  const job: unknown = typeof exported === "function" ? (exported as () => unknown)() : exported;
  if (!(job instanceof Job)) throw new Error("no job is exported");
  return job;
}
