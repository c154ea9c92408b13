import * as v from "valibot";
import { Job } from "../../jobspec";
import { effective, hasManualCanary, usualUpdate, type EffectiveUpdate } from "../../jobspec/host";
import type { JobJson } from "../../nomad";

/** What is absent, null, or not what Nomad takes there is read as absent: whether a job is right is the model's and the server's to say. */
function part<S extends v.GenericSchema<unknown>>(of: S) {
  return v.optional(
    v.fallback(
      v.pipe(
        v.nullish(of),
        v.transform((value) => value ?? undefined),
      ),
      undefined,
    ),
  );
}

/** A list of parts; read as empty where there is none. */
function parts<S extends v.GenericSchema<unknown>>(of: S) {
  return v.optional(
    v.fallback(
      v.pipe(
        v.nullish(v.array(of)),
        v.transform((value) => value ?? []),
      ),
      [],
    ),
    [],
  );
}

const service = v.object({
  Name: part(v.string()),
  Provider: part(v.string()),
  TaskName: part(v.string()),
  Checks: parts(v.object({ Type: part(v.string()), Name: part(v.string()), OnUpdate: part(v.string()) })),
});

const task = v.object({
  Name: part(v.string()),
  Meta: part(v.record(v.string(), v.unknown())),
  Lifecycle: part(v.object({ Hook: part(v.string()), Sidecar: part(v.boolean()) })),
  Artifacts: parts(v.object({ GetterSource: part(v.string()) })),
  Services: parts(service),
});

/** A service of a group or a task in API JSON, as far as it is read here. */
export type ServiceJson = v.InferOutput<typeof service>;

/** A task of a job in API JSON, as far as it is read here. */
export type TaskJson = v.InferOutput<typeof task>;

const group = v.object({
  Name: v.optional(v.fallback(v.string(), ""), ""),
  ReschedulePolicy: part(
    v.object({ Attempts: part(v.number()), Interval: part(v.number()), Unlimited: part(v.boolean()) }),
  ),
  Services: parts(service),
  Tasks: parts(task),
});

/** A group of a job in API JSON, as far as it is read here. */
export type GroupJson = v.InferOutput<typeof group>;

const jobWithGroups = v.object({ TaskGroups: parts(group) });

/** The groups of a job, as far as bringing and watching it needs them. The one place where they are read from API JSON. */
export function groupsOf(job: JobJson): readonly GroupJson[] {
  return v.parse(jobWithGroups, job).TaskGroups;
}

/** A service of a group, or of a task of it. */
export interface OfferedService extends ServiceJson {
  readonly group: string;
  /** The task that must run for it to be registered. Absent for services of groups. */
  readonly task?: string;
}

/** The services that a job offers. */
export function servicesOf(job: JobJson): readonly OfferedService[] {
  return groupsOf(job).flatMap(({ Name: group, Services, Tasks }) => [
    ...Services.map((service) => ({ ...service, group })),
    ...Tasks.flatMap(({ Name: task, Services: own }) => own.map((service) => ({ ...service, group, task }))),
  ]);
}

/** A job whose groups all have something else in them. */
export function withInGroups(job: JobJson, changed: Readonly<Record<string, unknown>>): JobJson {
  const groups = Array.isArray(job.TaskGroups) ? (job.TaskGroups as readonly object[]) : [];
  return { ...job, TaskGroups: groups.map((each) => ({ ...each, ...changed })) };
}

/** The update settings that count for each group, by its name; a server's usual ones where it has none and is changed without deployments. */
export function updatesOf(job: JobJson): ReadonlyMap<string, EffectiveUpdate> {
  // What cannot be read as a job is refused by every server.
  const { job: read } = Job.read(job);
  const groups = read ? effective(read).TaskGroups : [];
  return new Map(groups.map(({ Name, Update }) => [Name ?? "", Update ?? usualUpdate()]));
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
