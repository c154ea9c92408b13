import {
  lacksAllocations,
  type ConsulChange,
  type FieldChange,
  type GroupPlan,
  type JobPlan,
  type LeftoverPlan,
  type Preview,
  RESTARTING,
  type StrayPlan,
  type TemplateReader,
} from "../operations";

// What plans say, in plain words that both a terminal and a comment on GitHub show.

/** What happens to the allocations of a group, in words: "1 replaced, 2 created". */
export function groupInWords(group: GroupPlan, change?: JobPlan["change"]): string {
  const parts = [
    [group.create, change === "place" ? "to place" : "created"],
    [group.canaries, group.canaries === 1 ? "canary placed" : "canaries placed"],
    [group.replace, "replaced"],
    [group.inPlace, "changed in place"],
    [group.migrate, "migrated"],
    [group.stop, "stopped"],
    [group.preempt, "of other jobs stopped to make room"],
    [group.missing ?? 0, "to place again, which failed"],
    [group.unknown ?? 0, "unknown, since a node does not answer"],
    [group.unchanged, "unchanged"],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return said.length === 0 ? "nothing" : said.join(", ");
}

/** A change of one field, on one line: "memory: 256 MiB → 300 MiB". */
export function fieldInWords({ place, before, after, lines, effect }: FieldChange): string {
  const why = effect === undefined ? "" : ` (${effect})`;
  if (lines !== undefined) return `${place} changes${why}`;
  if (before === undefined) return `${place}: ${after === "added" ? "added" : `+ ${quoted(after ?? "")}`}${why}`;
  if (after === undefined) return `${place}: ${before === "there" ? "removed" : `- ${quoted(before)}`}${why}`;
  return `${place}: ${quoted(before)} → ${quoted(after)}${why}`;
}

/** A value, of which something is seen also where it is empty. */
function quoted(value: string): string {
  return value === "" ? '""' : value;
}

/** Why a deployment would be refused, a line for each reason. */
export function refusedInWords({ refused = [] }: Preview): readonly string[] {
  return refused.map((why) => `a deployment is refused: ${why}`);
}

/** What becomes of a job that the program has no longer: "old: stopped once all else is healthy". */
export function strayInWords({ job, region, namespace, change, reason }: StrayPlan): string {
  const where = [region, namespace].filter((each) => each !== undefined).join(", ");
  const what = change === "stop" ? "stopped once all else is healthy" : `stays: ${reason ?? "nobody stops it"}`;
  return `${job}${where === "" ? "" : ` (${where})`}: ${what}`;
}

/** What becomes of what the program has no longer in Consul: "keys below shop/: removed once all else is healthy". */
export function leftoverInWords({ change, reason, ...item }: LeftoverPlan): string {
  const what = change === "remove" ? "removed once all else is healthy" : `stays: ${reason ?? "nobody removes it"}`;
  return `${thingInConsul(item)}: ${what}`;
}

/** Something that a stack made in Consul: "keys below shop/", "service-defaults web". */
export function thingInConsul({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return kind === "keys" ? `keys below ${name}` : `${kind} ${name}`;
}

/** Whose templates read a key that changes, and what Nomad does with them: "templates of web (group api) read it: what runs restarts". */
export function readersInWords({ readers = [] }: Pick<ConsulChange, "readers">): readonly string[] {
  const groups = new Map<string, { readonly reader: TemplateReader; readonly names: Set<string> }>();
  for (const reader of readers) {
    const key = JSON.stringify([reader.path, reader.certainty, reader.effect, reader.signal]);
    const alike = groups.get(key) ?? { reader, names: new Set() };
    groups.set(key, { ...alike, names: alike.names.add(reader.group) });
  }
  return [...groups.values()].map(({ reader, names }) => {
    const where = [reader.region, `${names.size === 1 ? "group" : "groups"} ${[...names].join(", ")}`];
    const which = `${reader.job} (${where.filter((each) => each !== undefined).join(", ")})`;
    return `templates of ${which} ${reader.certainty === "may" ? "may read it" : "read it"}: ${effectInWords(reader)}`;
  });
}

function effectInWords({ effect, signal }: TemplateReader): string {
  switch (effect) {
    case "restart":
      return "what runs restarts, once the text that it renders changes";
    case "signal":
      return `what runs gets ${signal ?? "a signal"}, once the text that it renders changes`;
    case "script":
      return "a script is run in what runs, once the text that it renders changes";
    case "keeps":
      return "what runs keeps the text that it has, and what starts waits for it";
    default:
      return "the text changes, and nothing restarts";
  }
}

/** The counts of a preview: "1 job to create, 2 to update, 6 unchanged; 3 changes in Consul". */
export function countsInWords({
  jobs,
  consul,
  strays = [],
  leftovers = [],
  terraform,
  terraformOnly,
  foreign = [],
}: Preview): string {
  const count = (change: JobPlan["change"]) => jobs.filter((job) => job.change === change).length;
  const missing = jobs.filter(lacksAllocations).length;
  const parts = [
    [count("create"), "to create"],
    [count("update"), "to update"],
    [missing, "with allocations to place"],
    [jobs.length - count("create") - count("update") - missing, "unchanged"],
  ] as const;
  const of = parts
    .filter(([number]) => number > 0)
    .map(([number, what], index) => {
      const noun = index === 0 ? (number === 1 ? " job" : " jobs") : "";
      return `${number}${noun} ${what}`;
    });
  const blocked = jobs.filter((job) => job.groups.some((group) => group.blocked !== undefined)).length;
  const changed = consul.filter(({ change }) => change !== "none").length;
  const readers = consul.flatMap((change) => change.readers ?? []).filter(({ effect }) => RESTARTING.has(effect));
  const reading = new Set(readers.map(({ path }) => path)).size;
  return [
    of.length === 0 ? "no jobs" : of.join(", "),
    ...(foreign.length > 0 ? [`${foreign.length} ${foreign.length === 1 ? "is" : "are"} another stack's`] : []),
    ...(blocked > 0 ? [`${blocked} ${blocked === 1 ? "job finds" : "jobs find"} no node for some allocations`] : []),
    ...(strays.length > 0 ? [`${strays.length} no longer in the program`] : []),
    ...(leftovers.length > 0 ? [`${leftovers.length} left in Consul`] : []),
    ...(changed > 0 ? [`${changed} ${changed === 1 ? "change" : "changes"} in Consul`] : []),
    ...(reading > 0 ? [`templates of ${reading} ${reading === 1 ? "job read" : "jobs read"} what changes there`] : []),
    ...(terraform && terraform.length > 0 ? [`${terraform.length} more in Terraform`] : []),
    ...(!terraform && terraformOnly.length > 0 ? [`${terraformOnly.length} that only Terraform knows`] : []),
  ].join("; ");
}

/** What a change is called. */
export const CHANGE: Readonly<Record<JobPlan["change"], string>> = {
  create: "create",
  update: "update",
  place: "allocations are missing",
  none: "no change",
};

/** Something in Consul by its kind and name. */
export function consulName({ kind, name }: ConsulChange): string {
  return kind === "key" ? name : `${kind} ${name}`;
}
