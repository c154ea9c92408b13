import { countIn, type GroupApi } from "../../jobspec/host";
import type { JobJson } from "../../nomad";

/** What a server writes into a job by itself, and whoever names a version: none of it changes what the job is. */
const OF_THE_SERVER = new Set([
  "Version",
  "VersionTag",
  "ModifyIndex",
  "JobModifyIndex",
  "SubmitTime",
  "Stable",
  "Status",
  "StatusDescription",
  "NomadTokenID",
]);
const OF_A_POLICY = new Set(["ID", "CreateIndex", "ModifyIndex"]);

/** The groups of a job. */
export function groupsOf(job: JobJson | undefined): readonly GroupApi[] {
  return job?.TaskGroups ?? [];
}

/** Whether a scaling policy owns a group's count. */
function isScaled(group: GroupApi): boolean {
  return Boolean(group.Scaling) && group.Scaling?.Enabled !== false;
}

/** The names of the groups whose counts a scaling policy owns. */
export function ownedGroups(job: JobJson): readonly string[] {
  return groupsOf(job).flatMap((group) => (isScaled(group) && typeof group.Name === "string" ? [group.Name] : []));
}

/** The counts of some groups of a job. */
export function countsOf(job: JobJson | undefined, names: readonly string[]): ReadonlyMap<string, number> {
  const counts = groupsOf(job).map((group) => [group.Name ?? "", countIn(group)] as const);
  return new Map(counts.filter(([name]) => names.includes(name)));
}

/** The job with other counts of the groups that a scaling policy owns, each brought back into the limits of that policy. */
export function withCounts(job: JobJson, counts: ReadonlyMap<string, number>): JobJson {
  return {
    ...job,
    TaskGroups: groupsOf(job).map((group) => {
      const count = isScaled(group) ? counts.get(group.Name ?? "") : undefined;
      if (count === undefined) return group;
      const { Min: min, Max: max } = group.Scaling ?? {};
      return { ...group, Count: Math.max(min ?? 0, Math.min(max ?? count, count)) };
    }),
  };
}

/**
 * The job with the counts that its groups have on a server, where a scaling policy owns them: an autoscaler, or somebody through the scaling
 * API, changed them on purpose. A count out of the policy's limits is brought back into them.
 */
export function withCountsOf(job: JobJson, held: JobJson | undefined): JobJson {
  return held?.Stop === true ? job : withCounts(job, countsOf(held, ownedGroups(job)));
}

/** Whether a registration may leave every count to the server: the groups that are there already have the counts that they shall have. */
export function keepsCounts(job: JobJson, held: JobJson | undefined): boolean {
  if (!held || held.Stop === true || ownedGroups(job).length === 0) return false;
  const now = new Map(groupsOf(held).map((group) => [group.Name, countIn(group)]));
  return groupsOf(job).every((group) => (now.get(group.Name) ?? countIn(group)) === countIn(group));
}

/** A job as a text that is the same for two versions which differ in nothing but the counts of some groups. */
export function textWithoutCounts(job: JobJson, names: readonly string[]): string {
  const bare = {
    ...without(job, OF_THE_SERVER),
    TaskGroups: groupsOf(job).map((group) => ({
      ...group,
      ...(names.includes(group.Name ?? "") ? { Count: 0 } : {}),
      ...(group.Scaling ? { Scaling: without(group.Scaling, OF_A_POLICY) } : {}),
    })),
  };
  return JSON.stringify(bare, (key, value: unknown) => inOneForm(key === "Constraints" ? onceEach(value) : value));
}

/**
 * Each constraint once. Where services of Consul or tasks have identities, Nomad 1.11.3 adds one on its own version to their group with each
 * registration, also where it is there: a rollback registers what the server wrote, and leaves it twice.
 */
function onceEach(constraints: unknown): unknown {
  if (!Array.isArray(constraints)) return constraints;
  const written = (one: unknown) => JSON.stringify(one, (_, value: unknown) => inOneForm(value));
  return [...new Map(constraints.map((one) => [written(one), one] as const)).values()];
}

/** Nomad writes the keys of a map in another order each time, and where it copies a job, null in the place of what is empty, or the reverse. */
function inOneForm(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value ?? undefined;
  if (Object.keys(value).length === 0) return undefined;
  return Array.isArray(value) ? value : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether a job differs from what it was in nothing but counts that a scaling policy of the program owns. */
export function onlyScaled(job: JobJson, before: JobJson, after: JobJson): boolean {
  const owned = ownedGroups(job);
  return textWithoutCounts(before, owned) === textWithoutCounts(after, owned);
}

/**
 * The newest version of a job that somebody registered: one that differs from the version before in nothing but counts is a scaling.
 *
 * @param versions those that the server keeps
 * @returns undefined where the server keeps scalings alone, since there were many
 */
export function newestRegistered(versions: readonly JobJson[]): JobJson | undefined {
  const falling = [...versions].sort((a, b) => Number(b.Version) - Number(a.Version));
  const texts = falling.map((job) =>
    textWithoutCounts(
      job,
      groupsOf(job).map(({ Name }) => Name ?? ""),
    ),
  );
  return falling.find(
    (job, index) => texts[index] !== texts[index + 1] && (texts[index + 1] !== undefined || job.Version === 0),
  );
}

function without(values: object, names: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.has(name)));
}
