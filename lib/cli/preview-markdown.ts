import { lacksAllocations, type FieldChange, type JobPlan, type Preview } from "../operations";
import { LONGEST_BODY, markerOf } from "../github";
import { bodyOf, codeBlock, details, inCell, plainText } from "./markdown";
import { CHANGE, consulName, countsInWords, fieldInWords, groupInWords } from "./plan-words";

/**
 * A preview as one comment on a pull request: counts in the first line, a table of jobs, details folded. Where it is longer than
 * GitHub takes, whole details are left out from the end, and that is said.
 */
export function previewMarkdown(preview: Preview, longest = LONGEST_BODY): string {
  const head = `**${plainText(preview.environment)}**: ${countsInWords(preview)} ${markerOf("preview", preview.environment)}`;
  const parts = [
    jobTable(preview.jobs),
    ...preview.jobs.map(jobDetails),
    consulDetails(preview),
    terraformDetails(preview),
  ];
  return bodyOf(head, parts, longest);
}

function jobTable(jobs: readonly JobPlan[]): string {
  const changed = jobs.filter((job) => job.change !== "none" || lacksAllocations(job));
  if (changed.length === 0) return "";
  const rows = changed.map((job) => {
    const groups = job.groups.map((group) => `${inCell(group.name)}: ${groupInWords(group, job.change)}`).join("<br>");
    const blocked = job.groups.flatMap((group) =>
      group.blocked === undefined ? [] : [`${inCell(group.name)}: ${inCell(group.blocked)}`],
    );
    const where = [job.region, job.namespace].filter(Boolean).join("/");
    return `| ${inCell(job.job)}${where === "" ? "" : ` (${inCell(where)})`} | ${CHANGE[lacksAllocations(job) ? "place" : job.change]} | ${groups} | ${blocked.length === 0 ? "" : `⚠️ ${blocked.join("<br>")}`} | ${job.modifyIndex || ""} |`;
  });
  return ["| job | change | groups | finds no node | modify index |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

function jobDetails(job: JobPlan): string {
  if (job.fields.length === 0 && job.warnings.length === 0) return "";
  const plain = job.fields.filter(({ lines }) => lines === undefined);
  const long = job.fields.filter(({ lines }) => lines !== undefined);
  const warnings = job.warnings.map((warning) => `- ⚠️ ${plainText(warning)}`);
  return details(`${plainText(job.job)}: ${summary(job)}`, [
    ...(plain.length === 0 ? [] : [codeBlock("text", plain.map(fieldInWords).join("\n"))]),
    ...long.map((field) => `${plainText(field.place)}\n\n${codeBlock("diff", linesOf(field))}`),
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
    codeBlock("text", lines.join("\n")),
  ]);
}

function terraformDetails({ terraform, terraformOnly }: Preview): string {
  if (terraform && terraform.length > 0) {
    const lines = terraform.map(({ address, change }) => `${change} ${address}`);
    return details(`Terraform: ${lines.length} more`, [codeBlock("text", lines.join("\n"))]);
  }
  if (terraform || terraformOnly.length === 0) return "";
  const lines = terraformOnly.map(({ type, path }) => `${type} ${path}`);
  return details(`Only Terraform knows what changes of ${lines.length} more`, [codeBlock("text", lines.join("\n"))]);
}
