import { listStacks, type ListedStack, type StackList } from "../../../operations";
import { projectIdentity, projectName } from "../../../stack-record";
import { joinLines, style, table, term, wrap, type TerminalText } from "../../../text";
import { type CliContext, clients, clusterHere } from "../../context";
import { EXIT } from "../../exit-codes";
import { sayWhere } from "../../meant-cluster";
import { ATTENTION } from "../../symbols";
import type { Input } from "../ls";

/** Lists the stacks that a cluster has, of every project. */
export async function run(input: Input, context: CliContext) {
  const { terminal, signal } = context;
  const { nomad, consul } = clients(context, clusterHere(context));
  try {
    sayWhere({ nomad, consul }, context);
    const found = named(await listStacks({ nomad, consul, signal }), context.cwd);
    if (input.json) terminal.json({ ...found, stacks: found.stacks.map(({ isOwn: _, ...stack }) => stack) });
    else terminal.print(listText(found, input.jobs));
    if (!input.json && found.stacks.length > 0)
      terminal.note(
        wrap(
          term`  to take a stack away with everything that it brought, run cdk-nomad destroy STACK in a folder of its project; its program need not have it any more`,
          { hanging: 2 },
        ),
      );
    for (const reason of found.unread)
      terminal.note(wrap(term`${ATTENTION} some records may be missing: ${reason}`, { hanging: 2 }));
    return found.unread.length > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** A stack, and whether it is one of the project that somebody is in. */
interface NamedStack extends ListedStack {
  readonly isOwn: boolean;
}

interface NamedList extends StackList {
  readonly stacks: readonly NamedStack[];
}

/** Of the project that somebody is in, the name is known also where a release before wrote the record. */
function named(list: StackList, cwd: string): NamedList {
  const own = projectIdentity(cwd);
  const name = projectName(cwd);
  const more = name === undefined || name === own ? {} : { projectName: name };
  const stacks = list.stacks.map((stack) =>
    stack.project === own ? { ...stack, ...more, isOwn: true } : { ...stack, isOwn: false },
  );
  return { ...list, stacks };
}

/** "shop (this project)", "shop (3f2a…)": whose name may be that of two is told apart by its identity. */
function projectText({ project, projectName: name, isOwn }: NamedStack): TerminalText {
  if (isOwn) return term`${name ?? project} (this project)`;
  return name === undefined ? term`${project}` : term`${name} (${project})`;
}

function listText({ stacks, unread }: NamedList, withJobs: boolean): TerminalText {
  if (stacks.length === 0)
    return unread.length === 0
      ? term`no stack has a record here; one is written with each deployment`
      : term`whether stacks have records here is not known`;
  const rows = stacks.map((stack) => [
    stack.environment,
    projectText(stack),
    stack.owner,
    jobsInWords(stack),
    stack.lastDeployment ?? "-",
  ]);
  const head = [term`STACK`, term`PROJECT`, term`OWNER`, term`JOBS`, term`JOBS CHANGED`];
  if (!withJobs) return table(head, rows);
  return joinLines([table(head, rows), ...stacks.flatMap(jobsText)]);
}

/** "9, 1 stray, 2 absent", of the jobs that count for the stack; "0, 9 of other stacks". */
function jobsInWords({ jobs: all }: ListedStack): string {
  const jobs = all.filter(({ of }) => of === undefined);
  const count = (status: string) => jobs.filter((job) => job.status === status).length;
  const strays = jobs.filter(({ stray, status }) => stray && status !== "absent" && status !== "stopped").length;
  const more = [
    ...(strays > 0 ? [`${strays} stray`] : []),
    ...["absent", "stopped", "unknown"].flatMap((status) => (count(status) > 0 ? [`${count(status)} ${status}`] : [])),
  ];
  const others = all.length > jobs.length ? [`${all.length - jobs.length} of other stacks`] : [];
  return [String(jobs.length), ...more, ...others].join(", ");
}

function jobsText(stack: NamedStack): readonly TerminalText[] {
  const { environment, jobs } = stack;
  const rows = jobs.map(({ id, region, namespace, status, submitted, stray, of }) => [
    id,
    [region, namespace].filter((each) => each !== undefined).join(", ") || "-",
    [status, ...(of === undefined ? (stray ? ["stray"] : []) : [`of ${of}`])].join(", "),
    submitted ?? "-",
  ]);
  const head = [term`JOB`, term`WHERE`, term`STATUS`, term`SUBMITTED`];
  return [term``, term`${style.bold(environment)} ${style.dim(projectText(stack))}`, table(head, rows)];
}
