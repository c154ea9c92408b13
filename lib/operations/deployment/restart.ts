import { setTimeout as sleep } from "node:timers/promises";
import { launchesOthers, millisecondsOf, poolOfJob, type AllocationStub, type NomadClient } from "../../nomad";
import { withRetries } from "../events";
import { UserError } from "../../errors";
import type { EffectiveUpdate } from "../../jobspec/host";
import { asUserError } from "../plan";
import type { StackObject } from "../stack";
import { goesOn } from "./deployment-status";
import { FailingChecks } from "./failing-checks";
import { isBatch, type HeldJob } from "./job-answers";
import type { JobOptions } from "./options";
import type { Reason } from "./reason";
import { allocationReasons, checkReasons } from "./reasons";
import { nameOf, selectOwnJobs, type StackJob } from "./stack-jobs";
import { updatesOf } from "./job-groups";
import { restartsOf } from "./newest-allocations";
import { shellQuoted } from "../../text";

/** What restarting takes. */
export interface RestartOptions extends JobOptions {
  /** How long to wait between two looks, in milliseconds. Default: half a second. */
  readonly interval?: number;
}

/** What became of a job whose allocations were restarted. */
export interface Restarted {
  readonly path: string;
  readonly job: string;
  readonly region: string | undefined;
  /** `skipped`: there is nothing to restart. */
  readonly result: "restarted" | "failed" | "skipped" | "timed-out";
  /** Allocations that were restarted and run well. */
  readonly restarted: number;
  /** Allocations that ran when it began. */
  readonly running: number;
  /** Why it stopped, or why nothing was restarted. */
  readonly reasons: readonly Reason[];
}

const INTERVAL = 500;

/**
 * Restarts the running allocations of a stack where they are, in waves of so many at once as the group's update allows (`max_parallel`), and
 * waits after each wave until its allocations have run for `min_healthy_time` with checks that pass. Stops at the first wave that is not
 * healthy within `healthy_deadline`.
 *
 * @throws UserError where the one job that is named runs nothing that could be restarted so: a batch, periodic or parameterized job
 */
export async function restart(objects: readonly StackObject[], options: RestartOptions): Promise<readonly Restarted[]> {
  const done: Restarted[] = [];
  for (const item of selectOwnJobs(objects, options.job)) {
    const outcome = await restartJob(item, options);
    done.push(outcome);
    if (outcome.result === "failed" || outcome.result === "timed-out") break;
  }
  return done;
}

async function restartJob(item: StackJob, options: RestartOptions): Promise<Restarted> {
  const { job, path } = item;
  const nomad = options.nomad.where(job);
  const held = (await withRetries(() => nomad.job(job.ID), options)) as HeldJob | undefined;
  const region = typeof job.Region === "string" ? job.Region : undefined;
  const of = { path, job: job.ID, region, restarted: 0, running: 0 };
  const not = held ? notRestartable(held) : "there is no such job on the cluster";
  if (not !== undefined || !held) {
    if (options.job !== undefined) throw UserError.at(path, `cannot be restarted: ${not ?? ""}`, "restart");
    return {
      ...of,
      // What is to run and is not there is nothing that was left alone.
      result: held ? "skipped" : "failed",
      reasons: [{ kind: "unknown", message: `${job.ID} is not restarted: ${not ?? ""}` }],
    };
  }
  const deployments = await withRetries(() => nomad.deployments(job.ID), options);
  if (deployments.some(goesOn)) {
    const message = `a deployment of ${job.ID} goes on: restart it once that has ended`;
    return { ...of, result: "failed", reasons: [{ kind: "deployment", message }] };
  }
  const running = (await withRetries(() => nomad.allocations(job.ID), options)).filter(runs);
  if (running.length === 0) {
    const message = `nothing of ${job.ID} runs that could be restarted`;
    return { ...of, result: "failed", reasons: [{ kind: "count", message }] };
  }
  let restarted = 0;
  for (const [group, update] of updatesOf(held)) {
    const own = running.filter(({ TaskGroup }) => TaskGroup === group);
    const size = Math.max(1, update.MaxParallel);
    for (let from = 0; from < own.length; from += size) {
      const wave = own.slice(from, from + size);
      const last = from + wave.length;
      const which = wave.length === 1 ? `allocation ${last}` : `allocations ${from + 1} to ${last}`;
      options.onStep(`restarting ${nameOf(job)}: ${which} of ${own.length} of group ${group}`);
      const begun = performance.now();
      await Promise.all(wave.map(({ ID }) => asUserError(path, () => nomad.restartAllocation(ID))));
      const ended = await untilHealthy({ held, group, update, wave, begun, nomad }, options);
      if (ended.result !== "restarted") return { ...of, ...ended, restarted, running: running.length };
      restarted += wave.length;
    }
  }
  return { ...of, result: "restarted", restarted, running: running.length, reasons: [] };
}

/** Why a job has nothing that is restarted in waves; undefined where it has. */
function notRestartable(held: HeldJob): string | undefined {
  if (held.Stop === true) return "somebody stopped it";
  if (held.Periodic) return "it is periodic: what it launches ends by itself";
  const pool = poolOfJob(held);
  if (pool !== undefined)
    return `its containers belong to the pool ${pool}, and somebody may have leased them; "cdk-nomad pool recycle ${shellQuoted(pool)}" replaces each once it is free`;
  if (held.ParameterizedJob) return "it is parameterized: what is dispatched ends by itself";
  return isBatch(held) || launchesOthers(held) ? "it is a batch job, which ends by itself" : undefined;
}

interface Wave {
  readonly held: HeldJob;
  readonly group: string;
  readonly update: EffectiveUpdate;
  readonly wave: readonly AllocationStub[];
  /** When it was restarted, in milliseconds since 1970. */
  readonly begun: number;
  readonly nomad: NomadClient;
}

async function untilHealthy(
  { held, group, update, wave, begun, nomad }: Wave,
  options: RestartOptions,
): Promise<Pick<Restarted, "result" | "reasons">> {
  const { MinHealthyTime, HealthyDeadline } = update;
  const least = millisecondsOf(MinHealthyTime);
  const deadline = begun + millisecondsOf(HealthyDeadline);
  const ids = wave.map(({ ID }) => ID);
  const before = new Map(wave.map((allocation) => [allocation.ID, restartsOf(allocation)]));
  const checks = new FailingChecks(held, nomad, options.consul);
  let since: number | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const now = (await withRetries(() => nomad.allocations(held.ID), options)).filter(({ ID }) => ids.includes(ID));
    // What was healthy once stays so for Nomad: its checks are asked as if it were new.
    const failing = await checks.of(now.map((allocation) => ({ ...allocation, DeploymentStatus: null })));
    const began = now.every((allocation) => restartsOf(allocation) > (before.get(allocation.ID) ?? 0));
    const well = now.length === ids.length && began && now.every(runs) && failing.length === 0;
    const time = performance.now();
    since = well ? (since ?? time) : undefined;
    if (since !== undefined && time - since >= least) return { result: "restarted", reasons: [] };
    const gone = now.length < ids.length || now.some(({ ClientStatus }) => ClientStatus === "failed");
    const late = options.until !== undefined && time > options.until;
    if (gone || late || time > deadline) {
      const unhealthy = now.map((allocation) => ({ ...allocation, DeploymentStatus: null }));
      const reasons = [...checkReasons(failing), ...allocationReasons(held, unhealthy)];
      const message = `allocations of group "${group}" did not become healthy after their restart`;
      return {
        result: late && !gone ? "timed-out" : "failed",
        reasons: reasons.length > 0 ? reasons : [{ kind: "health", group, message }],
      };
    }
    await sleep(options.interval ?? INTERVAL, undefined, { signal: options.signal });
  }
}

/** Whether an allocation runs, with every task that shall. */
function runs({ DesiredStatus, ClientStatus, TaskStates }: AllocationStub): boolean {
  const failed = Object.values(TaskStates ?? {}).some(({ Failed }) => Failed);
  const starting = Object.values(TaskStates ?? {}).some(({ State }) => State === "pending");
  return DesiredStatus === "run" && ClientStatus === "running" && !failed && !starting;
}
