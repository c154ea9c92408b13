import type { Check, Network, Service, Task, TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { Block, type CheckContext, type Place } from "../engine";
import { replaceReferences } from "./grammar";

/** A block where it stands. */
export interface Node<T> {
  readonly value: T;
  readonly at: Place;
}

/** A group where it stands, with its tasks: every rule looks at them. */
export interface GroupNode extends Node<TaskGroup> {
  readonly tasks: readonly Node<Task>[];
  /** Where the job stands, whose settings the group inherits. */
  readonly jobAt: Place;
  /** The tasks that a server adds for its mesh proxies and gateways. */
  readonly injected: readonly InjectedTask[];
}

/** A task that a server adds for a service of the mesh; it stands where the service may change it. */
export interface InjectedTask extends Node<Task> {
  readonly service: Service;
}

/** A rule about a job. */
export interface JobRule {
  (job: Node<JobBlock>, groups: readonly GroupNode[], context: CheckContext): void;
}

/** A rule about a group; it is given the job too, whose settings the group inherits. */
export interface GroupRule {
  (group: GroupNode, job: JobBlock, context: CheckContext): void;
}

/** The elements of a list of blocks where they stand; what is no block was reported as such already. */
export function each<T extends Block>(list: readonly T[] | undefined, at: Place, property: string): readonly Node<T>[] {
  if (!Array.isArray(list) || list.length === 0) return [];
  const parent = at.property(property);
  const found: Node<T>[] = [];
  for (let index = 0; index < list.length; index += 1) {
    const value = (list as T[])[index];
    if (value instanceof Block) found.push({ value, at: parent.block(index, value) });
  }
  return found;
}

export const networksOf = (group: GroupNode) => each<Network>(group.value.networks, group.at, "networks");
export const servicesOf = (owner: Node<TaskGroup | Task>) => each<Service>(owner.value.services, owner.at, "services");
export const checksOf = (service: Node<Service>) => each<Check>(service.value.checks, service.at, "checks");

/** What kind of job it is, with Nomad's default. */
export function typeOf(job: JobBlock): string {
  return job.type ?? "service";
}

/** Who keeps a service, with Nomad's default. */
export function providerOf(service: Service | undefined): string {
  return service?.provider || "consul";
}

/**
 * The service's name as a server registers it, with what it knows of the job filled in: for a service of the mesh also the part of the task's
 * environment that is known before the job is placed.
 */
export function serviceNameOf(service: Service, job: JobBlock, group: TaskGroup, task: Task | undefined): string {
  const name = registeredName(service, job, group, task);
  const isProxied = service.connect?.sidecarService !== undefined || service.connect?.gateway !== undefined;
  if (!isProxied || !name.includes("${") || !group.networks?.length) return name;
  const environment = knownEnvironment(job, group);
  return replaceReferences(name, (reference) => environment.get(reference));
}

/** The environment of a group's tasks as far as the job alone decides on it. */
function knownEnvironment(job: JobBlock, group: TaskGroup): ReadonlyMap<string, string> {
  const known = new Map([
    ["NOMAD_GROUP_NAME", group.name],
    ["NOMAD_ALLOC_INDEX", "0"],
    ["NOMAD_JOB_ID", job.id],
    ["NOMAD_JOB_NAME", job.name ?? job.id],
    ["NOMAD_REGION", job.region ?? "global"],
  ]);
  for (const [key, value] of Object.entries({ ...job.meta, ...group.meta })) {
    for (const name of [key.toUpperCase(), key])
      known.set(`NOMAD_META_${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`, value);
  }
  return known;
}

function registeredName(service: Service, job: JobBlock, group: TaskGroup, task: Task | undefined): string {
  const names = [job.name ?? job.id, group.name, task?.name ?? "group"] as const;
  const given = service.name || (task ? names.join("-") : names.slice(0, 2).join("-"));
  if (!given.includes("${")) return given;
  const [JOB, TASKGROUP, TASK] = names;
  const known: Readonly<Record<string, string>> = { JOB, TASKGROUP, TASK, BASE: names.join("-") };
  return given.replaceAll(/\$\{(JOB|TASKGROUP|TASK|BASE)\}/g, (_match, key: string) => known[key] ?? "");
}
