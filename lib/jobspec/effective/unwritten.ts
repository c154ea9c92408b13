import { Migrate, Reschedule, Restart, Update } from "../blocks";
import { JobBlock } from "../blocks/host";
import { definitionOf, type Api, type ApiObject, type Block } from "../engine";
import { countOf, migrateOf, rescheduleOf, restartOf, typeOf, UPDATE_DEFAULTS, updateOf } from "../rules";
import { defaultOf } from "./filled";

/** What would count of a property, as API JSON, if nobody had written it; undefined where it has no default. */
export interface Unwritten {
  (block: Block, name: string): Api;
}

/**
 * Says of the properties of a job's blocks what would count if they were left out: the default by the job's type, or what the block has from
 * the job or from its group.
 */
export function unwrittenIn(job: Block): Unwritten {
  const inherited = job instanceof JobBlock ? inheritedIn(job) : new Map<Block, ApiObject>();
  const counts = new Map<Block, number>(
    job instanceof JobBlock ? job.groups?.map((group) => [group, countOf(group.with({ count: undefined }))]) : [],
  );
  const type = job instanceof JobBlock ? typeOf(job) : "service";
  return (block, name) => {
    const count = name === "count" ? counts.get(block) : undefined;
    if (count !== undefined) return count;
    const field = definitionOf(block).byName.get(name)?.field;
    const of = inherited.get(block);
    return field && (of ? of[field.api[0] as string] : defaultOf(field, type));
  };
}

/** For each block that has something from another: what that is, with the defaults. */
function inheritedIn(job: JobBlock): ReadonlyMap<Block, ApiObject> {
  const type = typeOf(job);
  const found = new Map<Block, ApiObject>();
  for (const group of job.groups ?? []) {
    const { update, reschedule, migrate, restart } = group;
    const bare = group.with({ update: undefined, reschedule: undefined, migrate: undefined });
    if (update) found.set(update, new Update(updateOf(bare, job) ?? UPDATE_DEFAULTS).toApi());
    if (reschedule) found.set(reschedule, new Reschedule(rescheduleOf(bare, job, type)).toApi());
    if (migrate) found.set(migrate, new Migrate(migrateOf(bare, job)).toApi());
    if (restart) found.set(restart, new Restart(restartOf(group.with({ restart: undefined }), type)).toApi());
    const outer = new Restart(restartOf(group, type)).toApi();
    for (const task of group.tasks ?? []) if (task.restart) found.set(task.restart, outer);
    for (const service of [...(group.services ?? []), ...(group.tasks ?? []).flatMap(({ services = [] }) => services)])
      for (const check of service.checks ?? []) found.set(check, { OnUpdate: service.onUpdate });
  }
  return found;
}
