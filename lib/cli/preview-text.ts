import { lacksAllocations, type ConsulChange, type FieldChange, type JobPlan, type Preview } from "../operations";
import { block, joinLines, style, term, wrap, type TerminalText } from "../text";
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
import { ATTENTION, BAD } from "./symbols";

const SIGNS = {
  create: term`+`,
  place: term`+`,
  update: term`~`,
  delete: term`-`,
  replace: term`±`,
  read: term`→`,
  none: term`=`,
} as const;
const EMPTY = term``;

/** A preview for a terminal: counts, then what changes, with the reasons. */
export function previewText(preview: Preview): TerminalText {
  const jobs = preview.jobs.filter((job) => job.change !== "none" || lacksAllocations(job) || job.warnings.length > 0);
  const consul = preview.consul.filter(({ change }) => change !== "none");
  const { strays = [], leftovers = [] } = preview;
  return joinLines([
    wrap(term`${style.bold(preview.environment)}: ${countsInWords(preview)}`, { hanging: 2 }),
    ...refusedInWords(preview).map((words) => detail(term`${BAD} ${words}`)),
    ...jobs.flatMap((job) => [EMPTY, ...jobText(job)]),
    ...(strays.length + leftovers.length > 0 ? [EMPTY, style.bold(term`no longer in the program`)] : []),
    ...strays.map((stray) =>
      detail(term`${SIGNS[stray.change === "stop" ? "delete" : "none"]} ${strayInWords(stray)}`),
    ),
    ...leftovers.map((item) =>
      detail(term`${SIGNS[item.change === "remove" ? "delete" : "none"]} ${leftoverInWords(item)}`),
    ),
    ...(consul.length > 0 ? [EMPTY, style.bold(term`Consul`)] : []),
    ...consul.flatMap(consulText),
    ...(preview.terraform?.length ? [EMPTY, style.bold(term`Terraform`)] : []),
    ...(preview.terraform ?? []).flatMap(({ address, change, readers }) => [
      detail(term`${SIGNS[change]} ${address}`),
      ...readersText({ readers }, 4),
    ]),
    ...(!preview.terraform && preview.terraformOnly.length > 0
      ? [EMPTY, term`only Terraform brings, and knows what changes of (give its plan with --plan):`]
      : []),
    ...(preview.terraform ? [] : preview.terraformOnly.map(({ type, path }) => detail(term`${type} ${path}`))),
  ]);
}

function jobText(job: JobPlan): readonly TerminalText[] {
  const paint = job.change === "create" ? style.green : job.change === "update" ? style.yellow : style.dim;
  const change = lacksAllocations(job) ? "place" : job.change;
  const rest = [
    CHANGE[change],
    ...(job.region ? [`region ${job.region}`] : []),
    ...(job.namespace ? [`namespace ${job.namespace}`] : []),
    ...(job.modifyIndex > 0 ? [`modify index ${job.modifyIndex}`] : []),
  ];
  return [
    term`${paint(term`${SIGNS[change]} ${job.job}`)} ${style.dim(rest.join(", "))}`,
    ...job.groups.flatMap((group) => [
      detail(term`group ${group.name}: ${groupInWords(group, job.change)}`),
      ...(group.blocked === undefined ? [] : [detail(term`${style.red(term`no node`)}: ${group.blocked}`, 4)]),
    ]),
    ...job.fields.flatMap((field) => fieldText(field, 2)),
    ...job.warnings.map((warning) => detail(term`${ATTENTION} ${warning}`)),
    ...(job.nextLaunch === undefined ? [] : [detail(term`next launch ${job.nextLaunch}`)]),
  ];
}

/** A change of a field; of a text of several lines, the lines that differ. */
export function fieldText(field: FieldChange, indent: number): readonly TerminalText[] {
  return [
    detail(term`${fieldInWords(field)}`, indent),
    ...(field.lines === undefined ? [] : [wrap(diffText(field.lines), { indent: indent + 2 })]),
  ];
}

/** Lines of a diff in its colours. */
function diffText(lines: string): TerminalText {
  const paint = (line: string) => (line.startsWith("+") ? style.green : line.startsWith("-") ? style.red : style.dim);
  return joinLines(lines.split("\n").map((line) => paint(line)(block(line))));
}

function consulText(change: ConsulChange): readonly TerminalText[] {
  return [
    detail(term`${SIGNS[change.change]} ${consulName(change)}`),
    ...change.fields.flatMap((field) => fieldText(field, 4)),
    ...readersText(change, 4),
  ];
}

/** Whose templates read a key that changes. */
export function readersText(change: Pick<ConsulChange, "readers">, indent: number): readonly TerminalText[] {
  return readersInWords(change).map((words) => detail(term`${ATTENTION} ${words}`, indent));
}

function detail(text: TerminalText, indent = 2): TerminalText {
  return wrap(text, { indent, hanging: 2 });
}
