import type { FieldChange, JobPlan, Preview } from "../operations";
import { CHANGE, consulName, countsInWords, fieldInWords, groupInWords } from "./plan-words";

/** As long as GitHub takes a comment, in characters. */
export const LONGEST_COMMENT = 65_536;

/** What tells the comment of an environment from others, so that it is updated and not written again. */
export function commentMarker(environment: string): string {
  return `<!-- cdk-nomad preview: ${environment.replaceAll("--", "- -")} -->`;
}

/**
 * A preview as one comment on a pull request: counts in the first line, a table of jobs, details folded. Where it is longer than
 * GitHub takes, whole details are left out from the end, and that is said.
 */
export function previewMarkdown(preview: Preview, longest = LONGEST_COMMENT): string {
  const head = `**${text(preview.environment)}**: ${countsInWords(preview)} ${commentMarker(preview.environment)}`;
  const parts = [
    jobTable(preview.jobs),
    ...preview.jobs.map(jobDetails),
    consulDetails(preview),
    terraformDetails(preview),
  ];
  return cut(
    head,
    parts.filter((part) => part !== ""),
    longest,
  );
}

function cut(head: string, parts: readonly string[], longest: number): string {
  const whole = [head, ...parts].join("\n\n");
  if (whole.length <= longest) return whole;
  const kept = [head];
  let length = head.length;
  for (const [index, part] of parts.entries()) {
    const note = leftOut(parts.length - index);
    if (length + part.length + note.length + 4 > longest) {
      // A table that is too long by itself keeps the rows that fit.
      const room = longest - length - note.length - 4;
      const rows = index === 0 ? part.split("\n") : [];
      while (rows.length > 2 && rows.join("\n").length > room) rows.pop();
      if (rows.length > 2) kept.push(rows.join("\n"));
      kept.push(note);
      return kept.join("\n\n");
    }
    kept.push(part);
    length += part.length + 2;
  }
  return kept.join("\n\n");
}

function leftOut(parts: number): string {
  return `_${parts} more ${parts === 1 ? "part is" : "parts are"} left out: a comment holds ${LONGEST_COMMENT} characters. See all of it with \`cdk-nomad preview\`._`;
}

function jobTable(jobs: readonly JobPlan[]): string {
  const changed = jobs.filter((job) => job.change !== "none");
  if (changed.length === 0) return "";
  const rows = changed.map((job) => {
    const groups = job.groups.map((group) => `${cell(group.name)}: ${groupInWords(group)}`).join("<br>");
    const blocked = job.groups.flatMap((group) =>
      group.blocked === undefined ? [] : [`${cell(group.name)}: ${cell(group.blocked)}`],
    );
    const where = [job.region, job.namespace].filter(Boolean).join("/");
    return `| ${cell(job.job)}${where === "" ? "" : ` (${cell(where)})`} | ${CHANGE[job.change]} | ${groups} | ${blocked.length === 0 ? "" : `⚠️ ${blocked.join("<br>")}`} | ${job.modifyIndex || ""} |`;
  });
  return ["| job | change | groups | finds no node | modify index |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

function jobDetails(job: JobPlan): string {
  if (job.fields.length === 0 && job.warnings.length === 0) return "";
  const plain = job.fields.filter(({ lines }) => lines === undefined);
  const long = job.fields.filter(({ lines }) => lines !== undefined);
  const warnings = job.warnings.map((warning) => `- ⚠️ ${text(warning)}`);
  return details(`${text(job.job)}: ${summary(job)}`, [
    ...(plain.length === 0 ? [] : [fenced("text", plain.map(fieldInWords).join("\n"))]),
    ...long.map((field) => `${text(field.place)}\n\n${fenced("diff", linesOf(field))}`),
    ...(warnings.length === 0 ? [] : [warnings.join("\n")]),
  ]);
}

function summary({ fields, warnings }: JobPlan): string {
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const parts = [
    fields.length > 0 ? count(fields.length, "field") : "",
    warnings.length > 0 ? count(warnings.length, "warning") : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function linesOf({ lines }: FieldChange): string {
  return lines ?? "";
}

function consulDetails({ consul }: Preview): string {
  const changed = consul.filter(({ change }) => change !== "none");
  if (changed.length === 0) return "";
  const lines = changed.flatMap((change) => [
    `${change.change} ${consulName(change)}`,
    ...change.fields.map((field) => `  ${fieldInWords(field)}`),
  ]);
  return details(`Consul: ${changed.length} ${changed.length === 1 ? "change" : "changes"}`, [
    fenced("text", lines.join("\n")),
  ]);
}

function terraformDetails({ terraform, terraformOnly }: Preview): string {
  if (terraform && terraform.length > 0) {
    const lines = terraform.map(({ address, change }) => `${change} ${address}`);
    return details(`Terraform: ${lines.length} more`, [fenced("text", lines.join("\n"))]);
  }
  if (terraform || terraformOnly.length === 0) return "";
  const lines = terraformOnly.map(({ type, path }) => `${type} ${path}`);
  return details(`Only Terraform knows what changes of ${lines.length} more`, [fenced("text", lines.join("\n"))]);
}

function details(title: string, parts: readonly string[]): string {
  return ["<details>", `<summary>${title}</summary>`, "", parts.join("\n\n"), "", "</details>"].join("\n");
}

/** A block of code that its content cannot end. */
function fenced(language: string, content: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

/** Text that is neither Markdown nor HTML, and mentions nobody. */
function text(content: string): string {
  return content
    .replaceAll(/[\\`*_{}[\]()#+!|~]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "@\u200b");
}

function cell(content: string): string {
  return text(content).replaceAll("\n", " ");
}
