import { lacksAllocations, type ConsulChange, type JobPlan, type Preview } from "../operations";
import { CHANGE, consulName, countsInWords, fieldInWords, groupInWords } from "./plan-words";
import type { Terminal } from "./terminal";

const SIGNS = { create: "+", place: "+", update: "~", delete: "-", replace: "±", read: "→", none: "=" } as const;

/** A preview for a terminal: counts, then what changes, with the reasons. */
export function previewText(preview: Preview, terminal: Terminal): string {
  const { color } = terminal;
  const jobs = preview.jobs.filter((job) => job.change !== "none" || lacksAllocations(job) || job.warnings.length > 0);
  const consul = preview.consul.filter(({ change }) => change !== "none");
  return [
    `${color.bold(preview.environment)}: ${countsInWords(preview)}`,
    ...jobs.flatMap((job) => ["", ...jobText(job, terminal)]),
    ...(consul.length > 0 ? ["", color.bold("Consul")] : []),
    ...consul.flatMap((change) => consulText(change, terminal)),
    ...(preview.terraform?.length ? ["", color.bold("Terraform")] : []),
    ...(preview.terraform ?? []).map(({ address, change }) => `  ${SIGNS[change]} ${address}`),
    ...(!preview.terraform && preview.terraformOnly.length > 0
      ? ["", "only Terraform brings, and knows what changes of (give its plan with --plan):"]
      : []),
    ...(preview.terraform ? [] : preview.terraformOnly.map(({ type, path }) => `  ${type} ${path}`)),
  ].join("\n");
}

function jobText(job: JobPlan, terminal: Terminal): readonly string[] {
  const { color } = terminal;
  const paint = job.change === "create" ? color.green : job.change === "update" ? color.yellow : color.dim;
  const where = [job.region && `region ${job.region}`, job.namespace && `namespace ${job.namespace}`].filter(Boolean);
  const change = lacksAllocations(job) ? "place" : job.change;
  const rest = [CHANGE[change], ...where, job.modifyIndex > 0 ? `modify index ${job.modifyIndex}` : ""].filter(Boolean);
  return [
    `${paint(`${SIGNS[change]} ${job.job}`)} ${color.dim(rest.join(", "))}`,
    ...job.groups.flatMap((group) => [
      `  group ${group.name}: ${groupInWords(group, job.change)}`,
      ...(group.blocked === undefined ? [] : terminal.wrap(`${color.red("no node")}: ${group.blocked}`, 4)),
    ]),
    ...job.fields.flatMap((field) => [
      ...terminal.wrap(fieldInWords(field), 2),
      ...(field.lines?.split("\n").map((line) => `    ${lineColor(line, color)}`) ?? []),
    ]),
    ...job.warnings.flatMap((warning) => terminal.wrap(`${color.yellow("!")} ${warning}`, 2)),
    ...(job.nextLaunch === undefined ? [] : [`  next launch ${job.nextLaunch}`]),
  ];
}

function lineColor(line: string, color: Terminal["color"]): string {
  return line.startsWith("+") ? color.green(line) : line.startsWith("-") ? color.red(line) : color.dim(line);
}

function consulText(change: ConsulChange, terminal: Terminal): readonly string[] {
  return [
    `  ${SIGNS[change.change]} ${consulName(change)}`,
    ...change.fields.flatMap((field) => terminal.wrap(fieldInWords(field), 4)),
  ];
}
