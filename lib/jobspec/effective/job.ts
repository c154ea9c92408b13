import { Migrate, Reschedule, Restart, Update, type Task, type TaskGroup } from "../blocks";
import { JobBlock } from "../blocks/host";
import type { GroupApi } from "../api";
import { definitionOf, isPlainObject, Place, type ApiObject, type EffectiveOf } from "../engine";
import { countOf, groupsOf, migrateOf, rescheduleOf, restartOf, typeOf, UPDATE_DEFAULTS, updateOf } from "../rules";
import type { GroupNode } from "../rules";
import { Job } from "../job";
import { filled } from "./filled";
import { nativeKinds, withServices } from "./services";
import { withShare } from "./share";

/** A task as a server holds it. */
export type EffectiveTask = EffectiveOf<typeof Task>;

/** A group as a server holds it: with its count and all its tasks. */
export type EffectiveGroup = Omit<EffectiveOf<typeof TaskGroup>, "Tasks"> & {
  readonly Tasks: readonly EffectiveTask[];
};

/** An update block with the defaults filled in; times in nanoseconds. */
export type EffectiveUpdate = EffectiveOf<typeof Update>;

/** What a server takes of the settings of an update block that nobody wrote. */
export function usualUpdate(): EffectiveUpdate {
  return new Update(UPDATE_DEFAULTS).toApi() as unknown as EffectiveUpdate;
}

/** A job as a server holds it. */
export type EffectiveJob = Omit<EffectiveOf<typeof JobBlock>, "TaskGroups"> & {
  readonly TaskGroups: readonly EffectiveGroup[];
};

/**
 * A job as a server holds it once it is registered, as API JSON: with the defaults of its type, with what groups have from the job and tasks from
 * their group, and with the tasks and ports that a server adds for the mesh. What was not written and has no default is left out, and so are the
 * constraints that it adds for what a job uses, and the ports of exposed checks, whose names it makes itself.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification
 */
export function effective(job: JobBlock): EffectiveJob {
  const type = typeOf(job);
  // A subclass renders it with the outer key.
  const json = JobBlock.prototype.toApi.call(job);
  const groups = groupsOf(job, Place.root([])).map((group) => effectiveGroup(group, job, type));
  // What a job says of these counts in its groups alone.
  const inherited = { Update: undefined, Reschedule: undefined, Migrate: undefined };
  const whole = { ...json, ...inherited, Name: json.Name ?? json.ID, TaskGroups: groups };
  return filled(whole, definitionOf(JobBlock), type) as unknown as EffectiveJob;
}

/**
 * A job of API JSON as a server holds it once it is registered.
 *
 * @throws UserError where it is no job
 */
export function effectiveOf(json: unknown): EffectiveJob {
  return effective(Job.fromApi(json));
}

/** How many allocations of a group of API JSON run: its scaling policy's least where nothing is written. */
export function countIn({ Count: count, Scaling: scaling }: GroupApi): number {
  return countOf({ count: count ?? undefined, scaling: { min: scaling?.Min ?? undefined } });
}

function effectiveGroup(node: GroupNode, job: JobBlock, type: string): ApiObject {
  const { value: group, injected } = node;
  const update = updateOf(group, job);
  const count = countOf(group);
  const json: ApiObject = {
    ...group.toApi(),
    Count: count,
    RestartPolicy: new Restart(restartOf(group, type)).toApi(),
    ReschedulePolicy: new Reschedule(rescheduleOf(group, job, type)).toApi(),
    Migrate: type === "service" ? new Migrate(migrateOf(group, job)).toApi() : undefined,
    Update: update && new Update(update).toApi(),
    // Older spellings, which a server reads into the block of today.
    StopAfterClientDisconnect: undefined,
    MaxClientDisconnect: undefined,
  };
  if (isPlainObject(json.Scaling)) json.Scaling = { ...json.Scaling, Min: json.Scaling.Min ?? count };
  const kinds = nativeKinds(node, job);
  const written = node.tasks.map(({ value }) => {
    const task = effectiveTask(value, node, type);
    return { ...task, Kind: kinds.get(value.name) ?? task.Kind };
  });
  json.Tasks = [...written, ...injected.map(({ value }) => effectiveTask(value, node, type))];
  return withServices(json, node, job);
}

function effectiveTask(task: Task, { value: group }: GroupNode, type: string): ApiObject {
  const json = task.toApi();
  const policies = Array.isArray(json.ScalingPolicies) ? (json.ScalingPolicies as readonly ApiObject[]) : undefined;
  return {
    ...json,
    RestartPolicy: new Restart(restartOf(group, type, task.restart)).toApi(),
    Resources: withShare(json.Resources),
    Identity: withAudience(withSignal(isPlainObject(json.Identity) ? json.Identity : {})),
    Identities: Array.isArray(json.Identities) ? json.Identities.map(withSignal) : undefined,
    Vault: withSignal(json.Vault),
    Templates: Array.isArray(json.Templates) ? json.Templates.map(withSignal) : undefined,
    ScalingPolicies: policies?.map((policy) => ({ ...policy, Max: policy.Max ?? -1 })),
  };
}

/** Whom the default identity of a task is for: the server itself, whatever was written. */
function withAudience(identity: ApiObject): ApiObject {
  const isDefault = identity.Name === undefined || identity.Name === "" || identity.Name === "default";
  return isDefault ? { ...identity, Audience: ["nomadproject.io"] } : identity;
}

/** What tells a task of something new, with its signal as a server writes it: in capitals. */
function withSignal<T>(block: T): T {
  if (!isPlainObject(block) || typeof block.ChangeSignal !== "string") return block;
  return { ...block, ChangeSignal: block.ChangeSignal.toUpperCase() };
}
