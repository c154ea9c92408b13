import { UserError } from "../../errors";
import { ChangedMeanwhile } from "../../errors";
import type { NomadClient, Registration } from "../../nomad";
import { BEFORE, withRetries, unlessAborted, withRegionalChanges, type RegionalChanges } from "../events";
import {
  applyChange,
  changedMeanwhile,
  consulChanges,
  onlyScaled,
  planJobs,
  register,
  stopsInPlace,
  withReaders,
  type ConsulChange,
  type Planned,
  type RegisterOptions,
} from "../plan";
import type { StackObject } from "../stack";
import { viewOf } from "./deployment-view";
import type { JobOutcome, Outcome } from "./outcome";
import { whileRecorded, type Begun, type RecordingOptions } from "./recorded-deployment";
import { withRendered } from "./rendered-outcomes";
import { RenderedTemplates } from "./rendered-templates";
import { revertFailedRollouts, orderOf } from "./regional-rollout";
import { nameOf, type StackJob } from "./stack-jobs";
import { placeAnew, settleUnchanged } from "./unchanged-job";
import { inParallel } from "./parallel";
import { splitRequests, splitServices, splittable } from "./traffic";
import { placesManualCanary } from "./job-groups";
import { watchDeployment } from "./watch";

/** What deploying takes. */
export interface DeployOptions extends RecordingOptions {
  /** Modify indexes by path that the jobs must have, as a preview said. Default: what they have when they are planned. */
  readonly expected?: ReadonlyMap<string, number>;
  /** The part of the requests, in percent, that canaries get through Consul once they wait for their promotion. Default: none. */
  readonly canaryWeight?: number;
  /**
   * Whether jobs are tried again that are registered as they shall be, and of which something failed or is missing. Default: it is said
   * what is wrong with them.
   */
  readonly force?: boolean;
  /** Asked once every job is planned, before anything is changed; throws where the jobs must not be changed so. Default: nobody is asked. */
  readonly permit?: (planned: readonly Planned[]) => Promise<void>;
}

/**
 * Brings what a stack wants to a cluster through Nomad's and Consul's own APIs: first what Consul needs to know, then the jobs, at
 * the same time but for those that wait for others, each watched until it is healthy. Nomad plans every job before anything is
 * changed, and only those that change are registered, for the very index that was planned for: what somebody else changes
 * meanwhile is never overwritten. A job that does not change is unchanged only where it runs as it shall. What waits for a job that fails is
 * left as it is. Jobs of several regions follow one another as their strategy says. What it brings stands in the stack's record before it is there.
 *
 * @throws UserError where the server refuses a job, or somebody changed one
 */
export async function deploy(objects: readonly StackObject[], options: DeployOptions): Promise<readonly JobOutcome[]> {
  const { onStep } = options;
  onStep("asking Nomad what it would do with the jobs");
  const planned = await withRetries(() => planJobs(objects, options), { ...options, ...BEFORE });
  await refuseStale(planned, options);
  await options.permit?.(planned);
  return whileRecorded(objects, options, (begun) => bring(objects, planned, options, begun));
}

/** Brings what was planned. */
async function bring(
  objects: readonly StackObject[],
  planned: readonly Planned[],
  options: DeployOptions,
  { writing }: Begun,
): Promise<readonly JobOutcome[]> {
  const { canaryWeight } = options;
  const split = new Map(
    canaryWeight === undefined
      ? []
      : planned
          .filter(({ job }) => placesManualCanary(job))
          .map(({ plan, job }) => [plan.path, splittable(job, plan.path, objects)]),
  );
  const templates = await RenderedTemplates.before(await readChanges(objects, options), objects, options);
  await configureConsul(objects, options, writing, () => templates.written());
  const lead = leadOf(planned, objects);
  let onTaken = (): void => undefined;
  const taken = new Promise<void>((resolve) => (onTaken = resolve));
  if (lead === undefined) onTaken();
  // Whoever was overwritten by the first registration is refused: half of a release is worse than all of it.
  let tookBack: UserError | undefined;
  const others = planned.filter((item) => changes(item) && item.plan.path !== lead).length;
  const leading = {
    onTaken,
    ...(others > 0 ? { onTookBack: (error: UserError) => void (tookBack = error) } : {}),
  };
  const intoNomad: RegisterOptions["writing"] = (write) => writing("nomad", write);
  const byPath = new Map(planned.map((item) => [item.plan.path, item]));
  const jobs = planned.map(({ job }) => job);
  const outcomes = await withRegionalChanges(options.nomad, jobs, options, (regional) =>
    inOrder(objects, options.signal, async (item, signal) => {
      const plan = byPath.get(item.path);
      if (!plan) return undefined;
      const own = { ...options, signal, writing: intoNomad, ...(item.path === lead ? leading : {}) };
      if (item.path !== lead && changes(plan)) await unlessAborted(taken, signal);
      // The canaries of a release before this one go away, and with them whoever was sent to them.
      if (plan.plan.change !== "none") await splitRequests(splitServices(item.job, objects), 0, own);
      const outcome = await deployJob(item, plan, own, regional);
      // Where it turned out that there is nothing to register.
      if (item.path === lead) onTaken();
      if (outcome.result === "waiting-for-promotion")
        await splitRequests(split.get(item.path) ?? [], canaryWeight ?? 0, own);
      return { ...outcome, path: item.path, job: plan.job };
    }),
  );
  const ended = await revertFailedRollouts(objects, outcomes, options);
  const rendered = options.detach ? ended : await withRendered(ended, templates);
  const told = rendered.map((outcome) =>
    tookBack && outcome.path === lead ? overwriting(outcome, tookBack) : outcome,
  );
  const order = objects.map(({ path }) => path);
  return told.sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
}

/**
 * Deploys jobs at the same time, but for those that wait for others. The first error ends all of them.
 *
 * @returns the outcomes; a job that waited for one which failed is skipped
 */
async function inOrder(
  objects: readonly StackObject[],
  signal: AbortSignal | undefined,
  run: (item: StackJob, signal: AbortSignal) => Promise<JobOutcome | undefined>,
): Promise<readonly JobOutcome[]> {
  // Each path with whether it went well; a job begins once all that it waits for did.
  const ends = new Map<string, Promise<boolean>>();
  const outcomes: JobOutcome[] = [];
  const jobs = objects.filter((item) => item.kind === "job");
  await inParallel(jobs, signal, (item, ending) => {
    const { needed, before } = orderOf(item, objects);
    const all = Promise.all([...needed, ...before].map((path) => ends.get(path) ?? true));
    const end = all.then(async (well) => {
      const missing = needed.filter((_path, index) => well[index] === false);
      if (missing.length > 0) {
        outcomes.push(skipped(item, missing));
        return false;
      }
      ending.throwIfAborted();
      const outcome = await run(item, ending);
      if (!outcome) return true;
      outcomes.push(outcome);
      return outcome.result !== "failed" && outcome.result !== "timed-out";
    });
    ends.set(item.path, end);
    return end;
  });
  return outcomes;
}

/**
 * The job whose registration goes before all others. Where two deploy a stack at the same time, the servers take one of the two
 * registrations for the index that both planned for; the other one is refused and ends, before a second job could become half of a mixture.
 */
function leadOf(planned: readonly Planned[], objects: readonly StackObject[]): string | undefined {
  const changing = new Set(planned.filter(changes).map(({ plan }) => plan.path));
  const waitsForNone = (item: StackJob) => Object.values(orderOf(item, objects)).every((paths) => paths.length === 0);
  return objects.find((item) => item.kind === "job" && changing.has(item.path) && waitsForNone(item))?.path;
}

/** The outcome of a job whose registration took somebody else's change back: whatever became of it, a person is to look at that. */
function overwriting(outcome: JobOutcome, { problems }: UserError): JobOutcome {
  const reasons = problems.map(({ message }) => ({ kind: "overwritten" as const, message }));
  return { ...outcome, result: "failed", reasons: [...reasons, ...outcome.reasons] };
}

function changes({ plan }: Planned): boolean {
  return plan.change !== "none" && plan.change !== "place";
}

/** What is said of a job with which nothing was done, since others that it needs did not get healthy. */
function skipped({ path, job }: StackJob, missing: readonly string[]): JobOutcome {
  const message = `nothing was done with it, since it is deployed after ${missing.join(", ")}, which did not get healthy`;
  return {
    path,
    job,
    result: "skipped",
    view: viewOf(job),
    reasons: [{ kind: "order", message }],
    diagnoses: [],
    untouched: true,
  };
}

async function deployJob(
  item: StackJob,
  planned: Planned,
  options: DeployOptions & Pick<RegisterOptions, "onTaken" | "onTookBack" | "writing">,
  regional: RegionalChanges,
): Promise<Outcome> {
  const { plan, job } = planned;
  const nomad = options.nomad.where(job);
  const watching = { ...options, changes: regional.of(job) };
  if (options.force && plan.change === "update") {
    const stopped = await leftStopped(item, options);
    if (stopped) return stopped;
  }
  const asking = <T>(ask: () => Promise<T>) => withRetries(ask, { ...options, trusted: true });
  const registered = (item: Planned, more: Pick<RegisterOptions, "onRefused"> = {}) =>
    register(item, { ...options, stack: options.record, asking, ...more });
  const settling = { ...options, nomad, watching, register: registered };
  if (!changes(planned)) return settleUnchanged(item, planned, settling);
  options.onStep(`registering ${nameOf(job)}`);
  // The first job of a stack decides whose release it is; of those after it, one that is there already is as good as registered.
  const onRefused = options.onTaken ? undefined : async () => registeredByOthers(item, options);
  const registration = await registered(planned, { onRefused });
  if (options.force && stopsInPlace(plan)) return placeAnew(item, planned, registration, settling);
  if (options.detach) return { result: "detached", view: viewOf(job), reasons: [], diagnoses: [] };
  return watchDeployment(nomad, job, registration, watching);
}

/** What another deployment of the same release has registered just now; undefined where what is there is not what is wanted. */
async function registeredByOthers(item: StackJob, options: DeployOptions): Promise<Registration | undefined> {
  const [now] = await withRetries(() => planJobs([item], options), options);
  if (!now || changes(now)) return undefined;
  const index = now.plan.modifyIndex;
  const evaluations = await options.nomad.where(now.job).evaluations(now.job.ID);
  const begun = evaluations.find(({ JobModifyIndex }) => JobModifyIndex === index);
  return begun && { EvalID: begun.ID, JobModifyIndex: index, Warnings: "" };
}

/** A job that somebody stopped is not tried again: that is for a deployment without force, which says that it starts it. */
async function leftStopped({ job, path }: StackJob, { nomad }: DeployOptions): Promise<Outcome | undefined> {
  const held = await nomad.where(job).job(job.ID);
  if (held?.Stop !== true) return undefined;
  const message = `somebody stopped it, and trying again never starts what was stopped; start it by deploying without --force`;
  const view = { ...viewOf(job), status: "failed" as const, description: message };
  return {
    result: "failed",
    view,
    reasons: [{ kind: "stopped", message: `${path}: ${message}` }],
    diagnoses: [],
    untouched: true,
  };
}

/** Refuses jobs that are not as they were when somebody looked at a preview. */
async function refuseStale(planned: readonly Planned[], { nomad, expected, masking }: DeployOptions): Promise<void> {
  if (!expected) return;
  const moved = planned.filter(({ plan }) => (expected.get(plan.path) ?? plan.modifyIndex) !== plan.modifyIndex);
  const judged = await Promise.all(
    moved.map(async (item) => ((await wasOnlyScaled(nomad, item, expected.get(item.plan.path) ?? 0)) ? [] : [item])),
  );
  const stale = judged.flat();
  const errors = await Promise.all(
    stale.map(({ plan: { path }, job }) =>
      changedMeanwhile(nomad.where(job), job, { index: expected.get(path) ?? 0, path, masking }),
    ),
  );
  if (errors.length > 0) throw new UserError(errors.flatMap(({ problems }) => problems));
}

/** Whether nothing but counts that a scaling policy owns became another since a modify index. */
async function wasOnlyScaled(nomad: NomadClient, { job, held }: Planned, since: number): Promise<boolean> {
  if (!held) return false;
  const { Versions: versions } = await nomad.where(job).versions(job.ID, { diffs: false });
  const before = versions.find((version) => Number(version.JobModifyIndex) === since);
  return before !== undefined && onlyScaled(job, before, held);
}

/** The changes of keys that templates of the stack's jobs read. */
async function readChanges(objects: readonly StackObject[], options: DeployOptions): Promise<readonly ConsulChange[]> {
  const keys = objects.filter(({ kind }) => kind === "keys");
  if (keys.length === 0) return [];
  return withReaders(await withRetries(() => consulChanges(keys, options), { ...options, ...BEFORE }), objects);
}

/** Keys and configuration entries, in the stack's order, since Consul takes some only after others. */
async function configureConsul(
  objects: readonly StackObject[],
  options: DeployOptions,
  writing: Begun["writing"],
  onWritten: () => void,
): Promise<void> {
  const { consul, onStep, signal } = options;
  for (const item of objects.filter(({ kind }) => kind !== "job")) {
    signal?.throwIfAborted();
    for (const change of await consulChanges([item], options)) {
      if (change.change === "none") continue;
      onStep(`${change.kind} ${change.name} in Consul`);
      await writing("consul", async () => {
        if (await applyChange(consul, change, item)) return onWritten();
        const message = `${change.name} was changed by somebody else just now; look at it with cdk-nomad preview ENV, and deploy again`;
        throw new ChangedMeanwhile(item.path, message);
      });
    }
  }
}
