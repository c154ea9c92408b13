import { Job } from "../../jobspec";
import {
  effective,
  hasManualCanary,
  usualUpdate,
  type EffectiveGroup,
  type EffectiveTask,
  type EffectiveUpdate,
  type GroupApi,
  type ServiceApi,
} from "../../jobspec/host";
import type { JobJson } from "../../nomad";

/** The groups of a job as a server holds them. What cannot be read as a job has none: every server refuses it. */
export function groupsOf(job: JobJson): readonly EffectiveGroup[] {
  const { job: read } = Job.read(job);
  return read ? effective(read).TaskGroups : [];
}

/** A service of a group, or of a task of it, as it is registered. */
export type OfferedService = Omit<ServiceApi, "Name" | "Checks"> & {
  readonly Name: string;
  readonly Checks: NonNullable<ServiceApi["Checks"]>;
  readonly group: string;
  /** The task that must run for it to be registered. Absent for services of groups. */
  readonly task?: string;
};

/** The services that a job offers. */
export function servicesOf(job: JobJson): readonly OfferedService[] {
  return groupsOf(job).flatMap((group) => [
    ...offered(group.Services, group),
    ...group.Tasks.flatMap((task) => offered(task.Services, group, task)),
  ]);
}

function offered(
  services: readonly ServiceApi[] | null | undefined,
  { Name: group }: EffectiveGroup,
  task?: EffectiveTask,
): readonly OfferedService[] {
  return (services ?? []).map((service) => ({
    ...service,
    Name: service.Name ?? "",
    Checks: service.Checks ?? [],
    group: group ?? "",
    ...(task ? { task: task.Name ?? "" } : {}),
  }));
}

/** A job whose groups all have something else in them. */
export function withInGroups(job: JobJson, changed: GroupApi): JobJson {
  return { ...job, TaskGroups: (job.TaskGroups ?? []).map((each) => ({ ...each, ...changed })) };
}

/** The update settings that count for each group, by its name; a server's usual ones where it has none and is changed without deployments. */
export function updatesOf(job: JobJson): ReadonlyMap<string, EffectiveUpdate> {
  return new Map(groupsOf(job).map(({ Name, Update }) => [Name ?? "", Update ?? usualUpdate()]));
}

/** Whether a job places canaries that somebody promotes. */
export function placesManualCanary(job: JobJson): boolean {
  const { job: read } = Job.read(job);
  return read !== undefined && hasManualCanary(read);
}

/** Whether a job goes back by itself where a deployment of it fails. */
export function hasAutoRevert(job: JobJson): boolean {
  return [...updatesOf(job).values()].some(({ AutoRevert }) => AutoRevert);
}
