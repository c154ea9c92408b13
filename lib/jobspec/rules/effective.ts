import { Migrate, Reschedule, Resources, Restart, TaskGroup, Update } from "../blocks";
import type { MigrateProps, RescheduleProps, RestartProps, UpdateProps } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { definitionOf, isEmptyValue, isKnown, type Block, type Place } from "../engine";
import { typeOf } from "./walk";

/** All settings of a block with the values that count. */
type Settings<B, P> = { readonly [K in Exclude<keyof P, "overrides"> & keyof B]-?: NonNullable<B[K]> };

export type UpdateSettings = Settings<Update, UpdateProps>;
export type RestartSettings = Settings<Restart, RestartProps>;
export type RescheduleSettings = Settings<Reschedule, RescheduleProps>;
export type MigrateSettings = Settings<Migrate, MigrateProps>;

type BlockClass = new (props: never) => Block;
type Values = Readonly<Record<string, unknown>>;

type JobType = "service" | "batch" | "system" | "sysbatch";

/** What a server fills in where nobody wrote anything, by the type of the job: the defaults of the block's own definition. */
function defaultsOf(type: BlockClass): Readonly<Record<JobType, Values>> {
  const { list } = definitionOf(type);
  const of = (jobType: JobType): Values =>
    Object.fromEntries(
      list.map(({ name, field, take }) => {
        const json = field.options.defaultByType?.[jobType] ?? field.options.default;
        return [name, take?.(json)];
      }),
    );
  return { service: of("service"), batch: of("batch"), system: of("system"), sysbatch: of("sysbatch") };
}

const UPDATE = defaultsOf(Update);
const MIGRATE = defaultsOf(Migrate);
const RESTART = defaultsOf(Restart);
const RESCHEDULE = defaultsOf(Reschedule);

/** What counts of a block: its own values over those of the block that it inherits from, over the server's defaults. */
function inherit(
  type: BlockClass,
  defaults: ReturnType<typeof defaultsOf>,
  jobType: string,
  ...blocks: readonly (Block | undefined)[]
): Values {
  const filled = (defaults as Readonly<Record<string, Values>>)[jobType] ?? defaults.sysbatch;
  if (blocks.every((block) => block === undefined)) return filled;
  const settings: Record<string, unknown> = { ...filled };
  for (const block of blocks) {
    if (!block) continue;
    for (const { name } of definitionOf(type).list) {
      const value = (block as unknown as Values)[name];
      if (value !== undefined) settings[name] = value;
    }
  }
  return settings;
}

/** Where a setting was written: in the group's block, or in the job's; the group's place where nobody wrote it. */
export function writtenAt(
  name: string,
  own: { readonly block: Block | undefined; readonly at: Place },
  outer: { readonly block: Block | undefined; readonly at: Place },
): Place {
  const has = (block: Block | undefined) => block !== undefined && (block as unknown as Values)[name] !== undefined;
  return (!has(own.block) && has(outer.block) ? outer : own).at.property(name);
}

/** Reports what is outside the limits that a block's definition sets, in settings that were inherited from several. */
export function checkLimits(
  type: BlockClass,
  settings: object,
  placeOf: (name: string) => Place,
  options: { readonly lenient?: boolean } = {},
): void {
  for (const { name, field } of definitionOf(type).list) {
    const value = (settings as Values)[name];
    if (!field.options.judgedByRule || value === undefined) continue;
    const message = field.judge?.(value);
    if (message === undefined) continue;
    if (options.lenient || field.options.lenient) placeOf(name).warning("field/senseless", message);
    else placeOf(name).error("field/range", message);
  }
}

/** How many allocations of a group run: its scaling policy's least where nothing is written. */
export function countOf({ count, scaling }: Countable): number {
  return count ?? scaling?.min ?? COUNT;
}

/** What tells how many allocations of a group run. */
interface Countable {
  readonly count: number | undefined;
  readonly scaling: { readonly min: number | undefined } | undefined;
}

/** What a server takes of a figure of a block that nobody wrote, as API JSON. */
export function usualFigure(type: BlockClass, name: string): number {
  return Number(definitionOf(type).byName.get(name)?.field.options.default);
}

const COUNT = usualFigure(TaskGroup, "count");

/** MHz that are reserved where neither a share nor cores are written. https://developer.hashicorp.com/nomad/docs/job-specification/resources */
export const USUAL_SHARE = 100;

/** MiB that are reserved where nobody writes how many. */
export const USUAL_MEMORY = usualFigure(Resources, "memory");

/** What a server takes of the update settings that nobody wrote. https://developer.hashicorp.com/nomad/docs/job-specification/update */
export const UPDATE_DEFAULTS = UPDATE.service as UpdateSettings;

/** The update settings that count for a group; nothing where it has none, so that it is changed without a deployment. */
export function updateOf(group: TaskGroup, job: JobBlock): UpdateSettings | undefined {
  const own = group.update;
  const outer = job.update;
  if (!own && (outer ? isEmptyUpdate(outer) : !hasUpdates(job))) return undefined;
  return inherit(Update, UPDATE, typeOf(job), outer, own) as UpdateSettings;
}

/**
 * Whether a deployment of this job ends only when somebody promotes its canaries; also where that depends on what is known at deploy time,
 * since waiting would hang until the deadline.
 */
export function hasManualCanary(job: JobBlock): boolean {
  return (job.groups ?? []).some((group) => {
    const update = updateOf(group, job);
    return update !== undefined && (update.canary > 0 || !isKnown(update.canary)) && update.autoPromote !== true;
  });
}

/** Whether jobs of this type have updates. */
export function hasUpdates(job: JobBlock): boolean {
  const type = typeOf(job);
  return type === "service" || type === "system";
}

/** Whether every setting was written as nothing: the groups of the job inherit no update block then. */
function isEmptyUpdate(update: Update): boolean {
  return definitionOf(Update).list.every(({ name }) => {
    // What was left out is filled in, and most defaults say something.
    return isEmptyValue((update as unknown as Values)[name] ?? UPDATE.service[name]);
  });
}

/** The migrate settings that count for a group of a service job. */
export function migrateOf(group: TaskGroup, job: JobBlock): MigrateSettings {
  return inherit(Migrate, MIGRATE, typeOf(job), job.migrate, group.migrate) as MigrateSettings;
}

/** The restart settings that count for a group, or for a task where one is given. */
export function restartOf(group: TaskGroup, type: string, own?: Restart): RestartSettings {
  return inherit(Restart, RESTART, type, group.restart, own) as RestartSettings;
}

/** The reschedule settings that count for a group. */
export function rescheduleOf(group: TaskGroup, job: JobBlock, type: string): RescheduleSettings {
  return inherit(Reschedule, RESCHEDULE, type, job.reschedule, group.reschedule) as RescheduleSettings;
}
