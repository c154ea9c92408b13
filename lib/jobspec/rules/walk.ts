import type { Check, Network, Service, Task, TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { Block, type CheckContext, type Place } from "../engine";

/** A block where it stands. */
export interface Node<T> {
  readonly value: T;
  readonly at: Place;
}

/** A group where it stands, with its tasks: every rule looks at them. */
export interface GroupNode extends Node<TaskGroup> {
  readonly tasks: readonly Node<Task>[];
  /** The tasks that a server adds for its mesh proxies and gateways. */
  readonly injected: readonly Node<Task>[];
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

/** The service's name as a server registers it, with what it knows of the job filled in. */
export function nameOf(service: Service, job: JobBlock, group: TaskGroup, task: Task | undefined): string {
  const names = [job.name ?? job.id, group.name, task?.name ?? "group"] as const;
  const given = service.name || (task ? names.join("-") : names.slice(0, 2).join("-"));
  if (!given.includes("${")) return given;
  const [JOB, TASKGROUP, TASK] = names;
  const known: Readonly<Record<string, string>> = { JOB, TASKGROUP, TASK, BASE: names.join("-") };
  return given.replaceAll(/\$\{(JOB|TASKGROUP|TASK|BASE)\}/g, (_match, key: string) => known[key] ?? "");
}
