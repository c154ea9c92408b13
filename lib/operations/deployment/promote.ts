import { UserError } from "../../errors";
import type { NomadClient } from "../../nomad";
import { withRetries } from "../events";
import { asUserError } from "../plan";
import type { StackObject } from "../stack";
import { canariesHealthy, canariesOf, canaryHealthInWords, canaryRelapses } from "./canaries";
import { viewOf } from "./deployment-view";
import { begunDeployments, type JobDeployment } from "./job-deployments";
import type { JobOptions } from "./options";
import type { JobOutcome, Outcome } from "./outcome";
import { nameOf, selectOwnJobs } from "./stack-jobs";
import { splitRequests, splitServices, splittable } from "./traffic";
import { forEachWatched, isGoingOn, watchOne } from "./watch-each";

/** What promoting takes. */
export interface PromoteOptions extends JobOptions {
  /** Whether canaries that are not healthy yet are waited for. Default: they are a mistake. */
  readonly whenHealthy?: boolean;
  /**
   * The part of the requests, in percent, that the canaries get through Consul instead of being promoted. Default: they are promoted, and
   * requests are not split any more.
   */
  readonly canaryWeight?: number;
  /** When a deployment whose canaries are not healthy yet is failed, by the clock of performance.now(), in milliseconds. Default: never. */
  readonly failAt?: number;
}

/**
 * Lets healthy canaries take the places of the old allocations, of every deployment of a stack that waits for it, and watches until
 * all is healthy.
 *
 * @throws UserError where no deployment has canaries that somebody promotes, or, unless they are waited for, some are not healthy; nothing
 * is promoted then
 */
export async function promote(
  objects: readonly StackObject[],
  options: PromoteOptions,
): Promise<readonly JobOutcome[]> {
  const { nomad, whenHealthy } = options;
  const found = (await begunDeployments(selectOwnJobs(objects, options.job), nomad, options))
    .filter(isGoingOn)
    .filter(({ deployment }) => canariesOf(deployment).length > 0);
  if (found.length === 0)
    throw UserError.at(
      options.job ?? "",
      "no deployment has canaries that wait for a promotion; cdk-nomad status ENV says what goes on",
      "promote/none",
    );
  const early = whenHealthy ? [] : found.filter(({ deployment }) => !canariesHealthy(deployment));
  if (early.length > 0)
    throw new UserError(
      early.map(({ stackJob: { path }, deployment }) => ({
        path: [path],
        rule: "promote/unhealthy",
        message: `not every canary is healthy (${canaryHealthInWords(deployment)}); wait for them with --when-healthy`,
        severity: "error",
      })),
    );
  if (!whenHealthy) await refuseRelapsed(found, options);
  const { canaryWeight } = options;
  const services = new Map(
    found.map(({ job, stackJob: { path } }) => [
      path,
      canaryWeight === undefined ? splitServices(job, objects) : splittable(job, path, objects),
    ]),
  );
  return forEachWatched(found, options, async (item, watching) => {
    const at = nomad.where(item.job);
    const split = services.get(item.stackJob.path) ?? [];
    if (whenHealthy) {
      const ended = await watchOne(item, options, { ...watching, until: earliest(options.until, options.failAt) });
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
    await asUserError(item.stackJob.path, () => at.promote(item.deployment.ID));
    if (options.detach)
      return {
        result: "detached",
        view: viewOf(item.job, { deployment: item.deployment }),
        reasons: [],
        diagnoses: [],
      };
    return watchOne(item, options, { ...watching, throughPromotion: true });
  });
}

/** Nomad takes a canary for healthy that was so once, and promotes it when it runs at that very moment. @throws UserError */
async function refuseRelapsed(found: readonly JobDeployment[], options: PromoteOptions): Promise<void> {
  const problems = await Promise.all(
    found.map(async ({ job, deployment, stackJob: { path } }) => {
      const at = options.nomad.where(job);
      const dated = await withRetries(() => at.datedDeploymentAllocations(deployment.ID), options);
      return canaryRelapses(job, deployment, dated).map(({ message }) => ({
        path: [path],
        rule: "promote/unhealthy",
        message: `${message}; wait for its canaries with --when-healthy, or end the deployment with cdk-nomad fail ENV`,
        severity: "error" as const,
      }));
    }),
  );
  if (problems.flat().length > 0) throw new UserError(problems.flat());
}

async function failed(ended: Outcome, item: JobDeployment, nomad: NomadClient): Promise<Outcome> {
  const said = await asUserError(item.stackJob.path, () => nomad.where(item.job).fail(item.deployment.ID));
  const back = said.RevertedJobVersion === null ? "" : `; Nomad goes back to version ${said.RevertedJobVersion}`;
  const description = `its canaries were not healthy in time, so it was failed${back}`;
  const reasons = [{ kind: "deployment" as const, message: description }, ...ended.reasons];
  return { ...ended, result: "failed", reasons, view: { ...ended.view, status: "failed", description } };
}

function stillRuns({ view }: Outcome): boolean {
  return view.status === "running" || view.status === "paused" || view.status === "pending";
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
