import { UserError } from "../../errors";
import type { Deployment, JobJson, NomadClient } from "../../nomad";
import { withRegionalChanges } from "../events";
import { asUserError } from "../plan";
import type { StackObject } from "../stack";
import { goesOn } from "./deployment-status";
import { viewOf } from "./deployment-view";
import { newestDeployments } from "./job-deployments";
import { nameOf, selectOwnJobs, type StackJob } from "./stack-jobs";
import type { JobOptions, OperationOptions } from "./options";
import { splitRequests, splitServices } from "./traffic";
import type { JobOutcome, Outcome } from "./outcome";
import { watchDeployment } from "./watch";

/** What going back takes. */
export interface RollbackOptions extends JobOptions {
  /** The version. Default: the newest before the one that runs that was healthy once. */
  readonly to?: number;
}

/**
 * Takes a job of a stack back to a version that it had before, in each of its regions, one after another, and watches until that is
 * healthy.
 *
 * @throws UserError where it is not clear which job, or there is no such version
 */
export async function rollback(
  objects: readonly StackObject[],
  options: RollbackOptions,
): Promise<readonly JobOutcome[]> {
  const { nomad, onStep } = options;
  const jobs = await whichJob(objects, options);
  const targets = await Promise.all(jobs.map((item) => targetOf(item, nomad, options.to)));
  const outcomes: JobOutcome[] = [];
  for (const target of targets) {
    const { item, from, to } = target;
    await splitRequests(splitServices(item.job, objects), 0, options);
    onStep(`taking ${nameOf(item.job)} back from version ${from} to ${to}`);
    const outcome = await goBack(target, options);
    outcomes.push({ ...outcome, path: item.path, job: item.job });
    if (outcome.result === "failed" || outcome.result === "timed-out") break;
  }
  return outcomes;
}

/**
 * Takes one job back to the version before, and waits for that.
 *
 * @returns the version; undefined where there was none
 */
export async function revertToPrevious(item: StackJob, options: OperationOptions): Promise<number | undefined> {
  const [current, before] = (await options.nomad.where(item.job).versions(item.job.ID)).Versions;
  if (!current || !before) return undefined;
  const to = numberOf(before);
  await goBack({ item, from: numberOf(current), to }, options);
  return to;
}

/** What finding the version before takes. */
interface BeforeOptions {
  readonly nomad: NomadClient;
  /** The version that failed; undefined where that is not known. */
  readonly failed: number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * The version that {@link rollback} takes a job back to whose newest version failed.
 *
 * @returns undefined where none before it was healthy, where another version is registered by now, as after `auto_revert`, or where Nomad does not say
 */
export async function stableVersionBefore(
  job: JobJson,
  { nomad, failed, signal }: BeforeOptions,
): Promise<number | undefined> {
  try {
    const server = nomad.where(job);
    const [current, ...older] = (await server.versions(job.ID, { diffs: false })).Versions;
    if (!current || (failed !== undefined && numberOf(current) !== failed)) return undefined;
    const wasHealthy = healthOf(await server.deployments(job.ID));
    const before = wasHealthy(current) ? undefined : older.find(wasHealthy);
    return before && numberOf(before);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/**
 * Tells versions that were healthy once. Nomad says so of a version, and a scaling copies that with all else, so that it is said of versions which never
 * were: what became of a version's own deployments goes before it, where Nomad knows them still.
 */
function healthOf(deployments: readonly Deployment[]): (version: JobJson) => boolean {
  return (version) => {
    const own = deployments.filter(({ JobVersion }) => JobVersion === numberOf(version));
    return version.Stable === true && (own.length === 0 || own.some(({ Status }) => Status === "successful"));
  };
}

interface Target {
  readonly item: StackJob;
  readonly from: number;
  readonly to: number;
}

async function goBack({ item: { job, path }, from, to }: Target, options: OperationOptions): Promise<Outcome> {
  const nomad = options.nomad.where(job);
  const registration = await asUserError(path, () => nomad.revert(job.ID, to, from));
  if (options.detach) return { result: "detached", view: viewOf(job), reasons: [], diagnoses: [] };
  return withRegionalChanges(options.nomad, [job], options, (regional) =>
    watchDeployment(nomad, job, registration, { ...options, changes: regional.of(job) }),
  );
}

/** The job that is named, else the one whose deployment failed or goes on, else the only one. */
async function whichJob(objects: readonly StackObject[], options: RollbackOptions): Promise<readonly StackJob[]> {
  const jobs = selectOwnJobs(objects, options.job);
  const idsOf = (items: readonly StackJob[]) => [...new Set(items.map(({ job }) => job.ID))];
  if (idsOf(jobs).length === 1) return jobs;
  const newest = await newestDeployments(jobs, options.nomad, options);
  const suspects = idsOf(
    newest
      .filter(({ deployment }) => goesOn(deployment) || deployment.Status === "failed")
      .map((item) => item.stackJob),
  );
  if (suspects.length === 1) return jobs.filter(({ job }) => job.ID === suspects[0]);
  const message = `there are several jobs; name one with --job: ${idsOf(jobs).join(", ")}`;
  throw UserError.at("", message, "rollback/which");
}

async function targetOf(item: StackJob, nomad: NomadClient, to: number | undefined): Promise<Target> {
  const { job } = item;
  const server = nomad.where(job);
  const { Versions: versions } = await server.versions(job.ID);
  const [current, ...older] = versions;
  if (!current) throw UserError.at(nameOf(job), "there is no such job on the cluster", "rollback/missing");
  const from = numberOf(current);
  const wasHealthy = healthOf(await server.deployments(job.ID));
  const target =
    to === undefined ? (older.find(wasHealthy) ?? older[0]) : versions.find((version) => numberOf(version) === to);
  if (!target || target === current) {
    const known = older.map((version) => `${numberOf(version)}${wasHealthy(version) ? " (healthy once)" : ""}`);
    const why =
      target === current
        ? `runs version ${from} already`
        : to === undefined
          ? "has no version before this one"
          : `has no version ${to} any more`;
    const rest = known.length > 0 ? `; write one of ${known.join(", ")}` : "";
    throw UserError.at(nameOf(job), `${why}${rest}`, "rollback/version");
  }
  return { item, from, to: numberOf(target) };
}

function numberOf(version: JobJson): number {
  return Number(version.Version);
}
