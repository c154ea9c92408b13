import type { Check, JobBlock, Network, Service, Task, TaskGroup } from "../blocks";
import { Block, keyOf, type CheckContext, type Place } from "../engine";

/** What a rule about a job is given. */
export interface JobRule {
  (job: JobBlock, at: Place, context: CheckContext): void;
}

/** What a rule about a group is given: also the job, whose settings it inherits. */
export interface GroupRule {
  (group: TaskGroup, at: Place, job: JobBlock, context: CheckContext): void;
}

/** The elements of a list of blocks with their places; what is no block was reported as such already. */
export function each<T extends Block>(
  list: readonly T[] | undefined,
  at: Place,
  property: string,
): { value: T; at: Place }[] {
  if (!Array.isArray(list) || list.length === 0) return [];
  const parent = at.property(property);
  const found: { value: T; at: Place }[] = [];
  for (const [index, value] of (list as T[]).entries()) {
    if (value instanceof Block) found.push({ value, at: parent.element(keyOf(value) ?? index) });
  }
  return found;
}

export const groupsOf = (job: JobBlock, at: Place) => each<TaskGroup>(job.groups, at, "groups");
export const tasksOf = (group: TaskGroup, at: Place) => each<Task>(group.tasks, at, "tasks");
export const networksOf = (group: TaskGroup, at: Place) => each<Network>(group.networks, at, "networks");
export const servicesOf = (owner: TaskGroup | Task, at: Place) => each<Service>(owner.services, at, "services");
export const checksOf = (service: Service, at: Place) => each<Check>(service.checks, at, "checks");

/** What kind of job it is, with Nomad's default. */
export function typeOf(job: JobBlock): string {
  return job.type === undefined || (job.type as string) === "" ? "service" : job.type;
}
