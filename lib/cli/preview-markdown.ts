import { markerComment } from "../github";
import { lacksAllocations, type FieldChange, type JobPlan, type Preview } from "../operations";
import { cellLines, codeBlock, details, joinMarkdown, markdownTable, md, type Markdown } from "../text";
import {
  CHANGE,
  consulName,
  countsInWords,
  fieldInWords,
  groupInWords,
  leftoverInWords,
  readersInWords,
  refusedInWords,
  strayInWords,
} from "./plan-words";
import type { MarkdownBody } from "./terminal";

/**
 * A preview as one comment on a pull request: counts in the first line, a table of jobs, details folded. Where it is longer than
 * GitHub takes, whole details are left out from the end, and that is said.
 */
export function previewMarkdown(preview: Preview): MarkdownBody {
  const { environment, jobs } = preview;
  return {
    head: md`**${environment}**: ${countsInWords(preview)} ${markerComment("preview", environment)}`,
    parts: [
      ...refusedInWords(preview).map((words) => md`❌ ${words}`),
      ...jobTable(jobs),
      ...strayList(preview),
      ...(preview.unknown ?? []).map((what) => md`⚠️ ${what}`),
      ...jobs.flatMap(jobDetails),
      ...consulDetails(preview),
      ...terraformDetails(preview),
    ],
    otherwise: md`See all of it with \`cdk-nomad preview\`.`,
  };
}

function jobTable(jobs: readonly JobPlan[]): readonly Markdown[] {
  const changed = jobs.filter((job) => job.change !== "none" || lacksAllocations(job));
  if (changed.length === 0) return [];
  const rows = changed.map((job) => {
    const groups = job.groups.map((group) => md`${group.name}: ${groupInWords(group, job.change)}`);
    const blocked = job.groups.flatMap(({ name, blocked: why }) => (why === undefined ? [] : [md`${name}: ${why}`]));
    const where = [job.region, job.namespace].filter(Boolean).join("/");
    return [
      md`${job.job}${where === "" ? md`` : md` (${where})`}`,
      CHANGE[lacksAllocations(job) ? "place" : job.change],
      cellLines(groups),
      blocked.length === 0 ? md`` : md`⚠️ ${cellLines(blocked)}`,
      job.modifyIndex > 0 ? job.modifyIndex : md``,
    ];
  });
  return [markdownTable([md`job`, md`change`, md`groups`, md`finds no node`, md`modify index`], rows)];
}

function strayList({ strays = [], leftovers = [] }: Preview): readonly Markdown[] {
  if (strays.length + leftovers.length === 0) return [];
  const lines = [...strays.map(strayInWords), ...leftovers.map(leftoverInWords)].map((words) => md`- ${words}`);
  return [joinMarkdown([md`No longer in the program:`, md``, ...lines], md`\n`)];
}

function jobDetails(job: JobPlan): readonly Markdown[] {
  if (job.fields.length === 0 && job.warnings.length === 0) return [];
  const warnings = job.warnings.map((warning) => md`- ⚠️ ${warning}`);
  return [
    details(md`${job.job}: ${summary(job)}`, [
      ...fieldsMarkdown(job.fields),
      ...(warnings.length === 0 ? [] : [joinMarkdown(warnings, md`\n`)]),
    ]),
  ];
}

/** Changes of fields: short ones in one block, each text of several lines in its own. */
export function fieldsMarkdown(fields: readonly FieldChange[]): readonly Markdown[] {
  const short = fields.filter(({ lines }) => lines === undefined);
  return [
    ...(short.length === 0 ? [] : [codeBlock("text", short.map(fieldInWords).join("\n"))]),
    ...fields.flatMap(({ place, lines }) => (lines === undefined ? [] : [md`${place}\n\n${codeBlock("diff", lines)}`])),
  ];
}

function summary({ fields, warnings }: JobPlan): string {
  const count = (number: number, noun: string) => (number === 0 ? [] : [`${number} ${noun}${number === 1 ? "" : "s"}`]);
  return [...count(fields.length, "field"), ...count(warnings.length, "warning")].join(", ");
}

function consulDetails({ consul }: Preview): readonly Markdown[] {
  const changed = consul.filter(({ change }) => change !== "none");
  if (changed.length === 0) return [];
  const lines = changed.flatMap((change) => [
    `${change.change} ${consulName(change)}`,
    ...change.fields.map((field) => `  ${fieldInWords(field)}`),
    ...readersInWords(change).map((words) => `  ! ${words}`),
  ]);
  return [folded(md`Consul: ${changed.length} ${changed.length === 1 ? md`change` : md`changes`}`, lines)];
}

function terraformDetails({ terraform, terraformOnly }: Preview): readonly Markdown[] {
  if (terraform && terraform.length > 0) {
    const lines = terraform.flatMap(({ address, change, readers }) => [
      `${change} ${address}`,
      ...readersInWords({ readers }).map((words) => `  ! ${words}`),
    ]);
    return [folded(md`Terraform: ${terraform.length} more`, lines)];
  }
  if (terraform || terraformOnly.length === 0) return [];
  const lines = terraformOnly.map(({ type, path }) => `${type} ${path}`);
  return [folded(md`Only Terraform knows what changes of ${lines.length} more`, lines)];
}

function folded(title: Markdown, lines: readonly string[]): Markdown {
  return details(title, [codeBlock("text", lines.join("\n"))]);
}
