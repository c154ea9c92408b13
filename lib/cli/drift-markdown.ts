import { markerComment } from "../github";
import { hasDrift, type Drift, type JobDrift } from "../operations";
import { details, joinMarkdown, md, type Markdown } from "../text";
import { driftCounts, driftInWords, IN_CONSUL, leftoverInWords, strayInWords, waysOut } from "./drift-words";
import { consulName, groupInWords, readersInWords, thingInConsul } from "./plan-words";
import { fieldsMarkdown } from "./preview-markdown";
import type { MarkdownBody } from "./terminal";

/** Drift as the body of an issue: counts in the first line, a list, details folded. */
export function driftMarkdown(drift: Drift): MarkdownBody {
  const { environment, jobs, consul, strays = [], leftovers = [], foreign = [], unknown = [] } = drift;
  const head = hasDrift(drift)
    ? md`**${environment}** is not as the program says: ${driftCounts(drift)}`
    : md`**${environment}** is as the program says${unknown.length > 0 ? ", as far as is known" : ""}`;
  const entries = consul.map((change) => ({ ...change, called: consulName(change) }));
  return {
    head: md`${head} ${markerComment("drift", environment)}`,
    parts: [
      ...list(jobs.map((job) => md`- **${job.job}** ${driftInWords(job)}${lacking(job)}${since(job)}`)),
      ...jobs.flatMap(({ job, fields }) => foldedFields(job, fields)),
      ...list(strays.map(({ job }) => md`- **${job}** ${strayInWords(environment)}`)),
      ...list(leftovers.map((item) => md`- **${thingInConsul(item)}** ${leftoverInWords(environment)}`)),
      ...list(foreign.map(({ job, owner }) => md`- **${job}** is a job of ${owner}`)),
      ...list(entries.map(({ called, change }) => md`- **${called}** ${IN_CONSUL[change]} in Consul`)),
      ...list(entries.flatMap((entry) => readersInWords(entry).map((words) => md`- ⚠️ ${entry.called}: ${words}`))),
      ...entries.flatMap(({ called, fields }) => foldedFields(called, fields)),
      ...list(unknown.map((what) => md`- ⚠️ ${what}`)),
      ...list(waysOut(drift).map((words) => md`- ${words}`)),
    ],
    otherwise: md`See all of it with \`cdk-nomad drift\`.`,
  };
}

function list(items: readonly Markdown[]): readonly Markdown[] {
  return items.length === 0 ? [] : [joinMarkdown(items, md`\n`)];
}

function foldedFields(name: string, fields: Drift["jobs"][number]["fields"]): readonly Markdown[] {
  return fields.length === 0 ? [] : [details(md`${name}: fields`, fieldsMarkdown(fields))];
}

function lacking({ groups }: JobDrift): Markdown {
  const said = groups.map((group) => md`${group.name}: ${groupInWords(group, "place")}`);
  return said.length === 0 ? md`` : md`: ${joinMarkdown(said, md`, `)}`;
}

function since({ version, submitted }: JobDrift): Markdown {
  return version === undefined ? md`` : md` (version ${version} of ${submitted ?? "unknown time"})`;
}
