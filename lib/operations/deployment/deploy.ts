import { UserError } from "../../jobspec";
import type { JobJson, NomadClient } from "../../nomad";
import { patiently, withStreams, type Streams } from "../following";
import { applyChange, consulChanges, isConflict, planJobs, whatChanged, type Planned } from "../plan";
import type { Wanted } from "../stack";
import { viewOf } from "./deployment-view";
import type { SteerOptions } from "./options";
import { failTogether, orderOf } from "./rollouts";
import { nameOf } from "./selection";
import { splitRequests, splitServices, splittable } from "./traffic";
import { begunBy, watchDeployment, type JobOutcome, type Outcome } from "./watch";

/** What deploying takes. */
export interface DeployOptions extends SteerOptions {
  /** Modify indexes by path that the jobs must have, as a preview said. Default: what they have when they are planned. */
  readonly expected?: ReadonlyMap<string, number>;
  /** The part of the requests, in percent, that canaries get through Consul once they wait for their promotion. Default: none. */
  readonly canaryWeight?: number;
}

/** Before anything has begun, a server is not waited for as long, and not where its address may be wrong. */
const BEFORE = { patience: 20_000, unreachable: false };

/**
 * Brings what a stack wants to a cluster through Nomad's and Consul's own APIs: first what Consul needs to know, then the jobs, at
 * the same time but for those that wait for others, each watched until it is healthy. Nomad plans every job before anything is
 * changed, and only those that change are registered, for the very index that was planned for: what somebody else changes
 * meanwhile is never overwritten. What waits for a job that fails is left as it is. Jobs of several regions follow one another
 * as their strategy says.
 *
 * @throws UserError where the server refuses a job, or somebody changed one
 */
export async function deploy(wanted: readonly Wanted[], options: DeployOptions): Promise<readonly JobOutcome[]> {
  const { onStep } = options;
  onStep("asking Nomad what it would do with the jobs");
  const planned = await patiently(() => planJobs(wanted, options), { ...options, ...BEFORE });
  await refuseStale(planned, options);

  const { canaryWeight } = options;
  const split = new Map(
    canaryWeight === undefined
      ? []
      : planned
          .filter(({ job }) => hasManualCanary(job))
          .map(({ plan, job }) => [plan.path, splittable(job, plan.path, wanted)]),
  );
  await configureConsul(wanted, options);
  const byPath = new Map(planned.map((item) => [item.plan.path, item]));
  // Each path with whether it went well; a job begins once all that it waits for did.
  const ends = new Map<string, Promise<boolean>>();
  const outcomes: JobOutcome[] = [];
  const jobs = planned.map(({ job }) => job);
  await withStreams(options.nomad, jobs, options, async (streams) => {
    for (const item of wanted) {
      const plan = byPath.get(item.path);
      if (item.kind !== "job" || !plan) continue;
      const { needed, before } = orderOf(item, wanted);
      const all = Promise.all([...needed, ...before].map((path) => ends.get(path) ?? true));
      const end = all.then(async (well) => {
        if (well.slice(0, needed.length).includes(false)) return false;
        // The canaries of a release before this one go away, and with them whoever was sent to them.
        if (plan.plan.change !== "none") await splitRequests(splitServices(item.job, wanted), 0, options);
        const outcome = await deployJob(plan, options, streams);
        if (outcome.result === "waiting-for-promotion")
          await splitRequests(split.get(item.path) ?? [], canaryWeight ?? 0, options);
        outcomes.push({ ...outcome, path: item.path, job: plan.job });
        return outcome.result !== "failed" && outcome.result !== "timed-out";
      });
      ends.set(item.path, end);
    }
    await Promise.all(ends.values());
  });
  const ended = await failTogether(wanted, outcomes, options);
  const order = wanted.map(({ path }) => path);
  return [...ended].sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
}

/** Whether a job places canaries that somebody promotes. */
function hasManualCanary(job: JobJson): boolean {
  type UpdateJson = { readonly Canary?: number; readonly AutoPromote?: boolean } | null;
  const own = job.Update as UpdateJson | undefined;
  return ((job.TaskGroups ?? []) as readonly { readonly Update?: UpdateJson }[]).some(({ Update }) => {
    const update = { ...own, ...Update };
    return (update.Canary ?? 0) > 0 && update.AutoPromote !== true;
  });
}

async function deployJob({ plan, job }: Planned, options: DeployOptions, streams: Streams): Promise<Outcome> {
  const nomad = options.nomad.where(job);
  const watching = { ...options, changes: streams.of(job) };
  if (plan.change === "none") {
    const going = (await patiently(() => nomad.deployments(job.ID), options)).find(
      ({ Status }) => Status === "running",
    );
    const view = { ...viewOf(job), status: "unchanged" as const };
    if (!going || options.detach) return { result: "unchanged", view, diagnoses: [] };
    options.onStep(`watching the deployment of ${job.ID} that is going on`);
    return watchDeployment(nomad, job, begunBy(going), watching);
  }
  options.onStep(`registering ${nameOf(job)}`);
  const registration = await register(nomad, job, plan.modifyIndex, plan.path);
  if (options.detach) return { result: "detached", view: viewOf(job), diagnoses: [] };
  return watchDeployment(nomad, job, registration, watching);
}

async function register(nomad: NomadClient, job: JobJson, index: number, path: string) {
  try {
    return await nomad.register(job, index);
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw await changedMeanwhile(nomad, job, index, path);
  }
}

/** Refuses jobs that are not as they were when somebody looked at a preview. */
async function refuseStale(planned: readonly Planned[], { nomad, expected }: DeployOptions): Promise<void> {
  if (!expected) return;
  const stale = planned.filter(({ plan }) => (expected.get(plan.path) ?? plan.modifyIndex) !== plan.modifyIndex);
  const errors = await Promise.all(
    stale.map(({ plan, job }) => changedMeanwhile(nomad.where(job), job, expected.get(plan.path) ?? 0, plan.path)),
  );
  if (errors.length > 0) throw new UserError(errors.flatMap(({ problems }) => problems));
}

async function changedMeanwhile(nomad: NomadClient, job: JobJson, index: number, path: string): Promise<UserError> {
  const changes = await whatChanged(nomad, job.ID, index);
  const what = changes.length > 0 ? `: ${changes.join("; ")}` : "";
  const message = `was changed by somebody else since it was planned${what}; look at it with cdk-nomad preview, and deploy again`;
  return UserError.at(path, message, "changed-meanwhile");
}

/** Keys and configuration entries, in the stack's order, since Consul takes some only after others. */
async function configureConsul(wanted: readonly Wanted[], options: DeployOptions): Promise<void> {
  const { consul, onStep, signal } = options;
  for (const item of wanted.filter(({ kind }) => kind !== "job")) {
    signal?.throwIfAborted();
    for (const change of await consulChanges([item], options)) {
      if (change.change === "none") continue;
      onStep(`${change.kind} ${change.name} in Consul`);
      if (await applyChange(consul, change, item)) continue;
      const message = `${change.name} was changed by somebody else just now; look at it with cdk-nomad preview, and deploy again`;
      throw UserError.at(item.path, message, "changed-meanwhile");
    }
  }
}
