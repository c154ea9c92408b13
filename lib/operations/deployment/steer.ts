import { UserError } from "../../jobspec";
import { whereOf, type Deployment, type NomadClient } from "../../nomad";
import { withStreams } from "../following";
import { asUserError } from "../plan";
import type { Wanted } from "../stack";
import { goesOn } from "./deployment-status";
import { viewOf } from "./deployment-view";
import type { JobOptions } from "./options";
import { splitRequests, splitServices, splittable } from "./traffic";
import { together } from "./together";
import {
  begunDeployments,
  nameOf,
  newestDeployments,
  selectJobs,
  type JobDeployment,
  type WantedJob,
} from "./selection";
import type { JobOutcome, Outcome } from "./outcome";
import { isBatch, launchesOthers } from "./job-answers";
import { jobStatus } from "./stack-status";
import { ALREADY_RUNNING, begunBy, watchDeployment, type WatchOptions } from "./watch";

/**
 * Watches what goes on of a stack, whoever began it: deployments, and batch jobs that have not ended.
 *
 * @returns those that went on
 */
export async function watchStack(wanted: readonly Wanted[], options: JobOptions): Promise<readonly JobOutcome[]> {
  const jobs = selectJobs(wanted, options.job);
  const found = await begunDeployments(jobs, options.nomad, options);
  const batch = options.waitForBatch === false ? [] : await runningBatchJobs(jobs, options);
  return each([...found.filter(isGoingOn), ...batch], options, (item, watching) => watch(item, options, watching));
}

async function runningBatchJobs(jobs: readonly WantedJob[], options: JobOptions): Promise<readonly Watched[]> {
  const batch = jobs.filter(({ job }) => isBatch(job) && !launchesOthers(job));
  const states = await Promise.all(batch.map((item) => jobStatus(item, options)));
  return batch.filter((_, index) => states[index]?.state === "running").map((wanted) => ({ wanted, job: wanted.job }));
}

/** What is watched: a deployment, or a job that has none. */
type Watched = Pick<JobDeployment, "wanted" | "job"> & Partial<JobDeployment>;

/** What promoting takes. */
export interface PromoteOptions extends JobOptions {
  /** Whether canaries that are not healthy yet are waited for. Default: they are a mistake. */
  readonly whenHealthy?: boolean;
  /**
   * The part of the requests, in percent, that the canaries get through Consul instead of being promoted. Default: they are promoted, and
   * requests are not split any more.
   */
  readonly canaryWeight?: number;
  /** When a deployment whose canaries are not healthy yet is failed, in milliseconds since 1970. Default: never. */
  readonly failAt?: number;
}

/**
 * Lets healthy canaries take the places of the old allocations, of every deployment of a stack that waits for it, and watches until
 * all is healthy.
 *
 * @throws UserError where no deployment has canaries that somebody promotes, or, unless they are waited for, some are not healthy; nothing
 * is promoted then
 */
export async function promote(wanted: readonly Wanted[], options: PromoteOptions): Promise<readonly JobOutcome[]> {
  const { nomad, whenHealthy } = options;
  const found = (await begunDeployments(selectJobs(wanted, options.job), nomad, options))
    .filter(isGoingOn)
    .filter(({ deployment }) => canariesOf(deployment).length > 0);
  if (found.length === 0)
    throw UserError.at(
      options.job ?? "",
      "no deployment has canaries that wait for a promotion; cdk-nomad status says what goes on",
      "promote/none",
    );
  const early = whenHealthy ? [] : found.filter(({ deployment }) => !canariesHealthy(deployment));
  if (early.length > 0)
    throw new UserError(
      early.map(({ wanted: { path }, deployment }) => ({
        path,
        rule: "promote/unhealthy",
        message: `not every canary is healthy (${healthInWords(deployment)}); wait for them with --when-healthy`,
        severity: "error",
      })),
    );
  const { canaryWeight } = options;
  const services = new Map(
    found.map(({ job, wanted: { path } }) => [
      path,
      canaryWeight === undefined ? splitServices(job, wanted) : splittable(job, path, wanted),
    ]),
  );
  return each(found, options, async (item, watching) => {
    const at = nomad.where(item.job);
    const split = services.get(item.wanted.path) ?? [];
    if (whenHealthy) {
      const ended = await watch(item, options, { ...watching, until: earliest(options.until, options.failAt) });
      const gaveUp = options.failAt !== undefined && ["timed-out", "failed"].includes(ended.result);
      if (gaveUp && stillRuns(ended) && (ended.result === "failed" || performance.now() >= options.failAt)) {
        options.onStep(`failing the deployment of ${nameOf(item.job)}`);
        return failed(ended, item, nomad);
      }
      if (ended.result !== "waiting-for-promotion") return ended;
    }
    // Promoted canaries are canaries no more: who is still sent to that subset would find nobody.
    await splitRequests(split, canaryWeight ?? 0, options);
    if (canaryWeight !== undefined)
      return {
        result: "waiting-for-promotion",
        view: viewOf(item.job, { deployment: item.deployment }),
        reasons: [],
        diagnoses: [],
      };
    options.onStep(`promoting ${nameOf(item.job)}`);
    await asUserError(item.wanted.path, () => at.promote(item.deployment.ID));
    if (options.detach)
      return {
        result: "detached",
        view: viewOf(item.job, { deployment: item.deployment }),
        reasons: [],
        diagnoses: [],
      };
    return watch(item, options, { ...watching, throughPromotion: true });
  });
}

/** What became of a deployment that was failed. */
export interface Failed {
  readonly job: string;
  readonly region: string | undefined;
  readonly deployment: string;
  /** The version that Nomad goes back to; undefined where the job has no auto_revert. */
  readonly revertedTo: number | undefined;
}

/**
 * Ends the deployment of a stack that goes on as failed.
 *
 * @throws UserError where none goes on, or several do and none is named
 */
export async function failDeployment(wanted: readonly Wanted[], options: JobOptions): Promise<readonly Failed[]> {
  const found = (await newestDeployments(selectJobs(wanted, options.job), options.nomad, options)).filter(isGoingOn);
  const ids = [...new Set(found.map(({ job }) => job.ID))];
  if (ids.length !== 1) {
    const message =
      ids.length === 0 ? "no deployment goes on" : `several deployments go on; name one with --job: ${ids.join(", ")}`;
    throw UserError.at(options.job ?? "", message, "fail/which");
  }
  return Promise.all(
    found.map(async (item) => {
      await splitRequests(splitServices(item.job, wanted), 0, options);
      options.onStep(`failing the deployment of ${nameOf(item.job)}`);
      const said = await asUserError(item.wanted.path, () => options.nomad.where(item.job).fail(item.deployment.ID));
      const { region } = whereOf(item.job);
      const revertedTo = said.RevertedJobVersion ?? undefined;
      return { job: item.job.ID, region, deployment: item.deployment.ID, revertedTo };
    }),
  );
}

/** Runs something for every deployment at the same time, over one stream for each region. */
async function each<I extends Watched>(
  items: readonly I[],
  options: JobOptions,
  run: (item: I, watching: WatchOptions) => Promise<Outcome>,
): Promise<readonly JobOutcome[]> {
  const jobs = items.map(({ job }) => job);
  return withStreams(options.nomad, jobs, options, (streams) =>
    together(items, options.signal, async (item, signal) => ({
      ...(await run(item, { ...options, signal, changes: streams.of(item.job) })),
      path: item.wanted.path,
      job: item.job,
    })),
  );
}

function watch({ job, deployment }: Watched, options: JobOptions, watching: WatchOptions): Promise<Outcome> {
  const begun = deployment ? begunBy(deployment) : ALREADY_RUNNING;
  return watchDeployment(options.nomad.where(job), job, begun, watching);
}

async function failed(ended: Outcome, item: JobDeployment, nomad: NomadClient): Promise<Outcome> {
  const said = await asUserError(item.wanted.path, () => nomad.where(item.job).fail(item.deployment.ID));
  const back = said.RevertedJobVersion === null ? "" : `; Nomad goes back to version ${said.RevertedJobVersion}`;
  const description = `its canaries were not healthy in time, so it was failed${back}`;
  const reasons = [{ kind: "deployment" as const, message: description }, ...ended.reasons];
  return { ...ended, result: "failed", reasons, view: { ...ended.view, status: "failed", description } };
}

function isGoingOn({ deployment }: JobDeployment): boolean {
  return goesOn(deployment);
}

function stillRuns({ view }: Outcome): boolean {
  return view.status === "running" || view.status === "paused" || view.status === "pending";
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

/** Groups with canaries that somebody has to promote. */
function canariesOf(deployment: Deployment) {
  return Object.entries(deployment.TaskGroups ?? {}).filter(
    ([, { DesiredCanaries, Promoted, AutoPromote }]) => DesiredCanaries > 0 && !Promoted && !AutoPromote,
  );
}

function canariesHealthy(deployment: Deployment): boolean {
  return canariesOf(deployment).every(([, { HealthyAllocs, DesiredCanaries }]) => HealthyAllocs >= DesiredCanaries);
}

function healthInWords(deployment: Deployment): string {
  return canariesOf(deployment)
    .map(([name, { HealthyAllocs, DesiredCanaries }]) => `${name}: ${HealthyAllocs} of ${DesiredCanaries}`)
    .join(", ");
}
