import { formatProblem, pathKey, pathText, type Problem, UserError } from "../../../errors";
import { RULES } from "../../../jobspec";
import { isKnownVersion, isRuleId, isVersion, NEWEST_NOMAD } from "../../../jobspec/host";
import { judgeFile, judgeStacks, stackAmong, type JudgedFile } from "../../../operations";
import { block, join, joinLines, style, term, workflowCommand, wrap, type TerminalText } from "../../../text";
import { localCluster, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { fileReading } from "../../hcl";
import { isStackName } from "../../jobs";
import { problemJson } from "../../error-text";
import { ATTENTION, BAD, GOOD } from "../../symbols";
import type { Input } from "../validate";

/** Says what a Nomad server would say of the jobs of files, or of a stack. */
export async function run({ names, ...input }: Input, context: CliContext) {
  const { terminal } = context;
  checkVersions(input);
  const judged = await judge(names, input, context);
  terminal.rest();
  const as = input.json ? "json" : input.format;
  if (as === "json") terminal.json(judged.map(judgedJson));
  else if (as === "github")
    for (const { file, problems } of judged) for (const problem of problems) terminal.print(annotation(file, problem));
  else for (const file of judged) terminal.print(judgedText(file));
  return judged.some(({ problems }) => problems.some(isError)) ? EXIT.failed : EXIT.ok;
}

/** What a file or a stack is to a later Nomad, beside what it is to the one of today. */
interface UpgradedFile extends JudgedFile {
  /** Absent where nobody asked about an upgrade. */
  readonly upgrade?: Upgrade;
}

/** What an upgrade brings and takes for some jobs. */
interface Upgrade {
  readonly to: string;
  /** The rules that say something now, and said nothing of it before. */
  readonly news: readonly NamedRule[];
  /** What is over: what the Nomad of today says, and the later one does not. */
  readonly over: readonly Problem[];
}

interface NamedRule {
  readonly rule: string;
  readonly title?: string;
}

async function judge(
  names: readonly string[],
  input: Omit<Input, "names">,
  context: CliContext,
): Promise<readonly UpgradedFile[]> {
  const { nomadVersion, upgradeTo } = input;
  const versions = upgradeTo === undefined ? [nomadVersion] : [nomadVersion, upgradeTo];
  const programs = await judgePrograms(names, versions, context);
  const { reading, close } = fileReading(input, context);
  try {
    const [today = [], later] = await inTurn(versions, (version, index) =>
      inTurn(names, (name) => {
        const { enterprise, memoryOversubscription } = input;
        const stacks = isStackName(name, context) ? programs[index] : undefined;
        return stacks
          ? Promise.resolve(stackAmong(name, stacks))
          : judgeFile(name, { ...reading, target: { nomadVersion: version, enterprise, memoryOversubscription } });
      }),
    );
    if (later === undefined || upgradeTo === undefined) return today;
    return later.map((judged, index) => upgraded(upgradeTo, today[index]?.problems ?? [], judged));
  } finally {
    await close();
  }
}

/** The stacks of the project's program for each of some Nomads; none where no stack is named. The program runs once for each of them, whatever number of stacks is named. */
async function judgePrograms(
  names: readonly string[],
  versions: readonly (string | undefined)[],
  context: CliContext,
): Promise<readonly (readonly JudgedFile[])[]> {
  const stacks = names.filter((name) => isStackName(name, context));
  if (stacks.length === 0) return [];
  const { env, signal, terminal } = context;
  const what = versions.length > 1 ? ", for the Nomad of today and for the later one" : "";
  terminal.progress().step(`synthesizing ${stacks.join(", ")}${what}`);
  const { project } = localCluster(context);
  const ends = await Promise.allSettled(
    versions.map((version) =>
      // A stack says itself which Nomad it is for, unless another is asked about.
      judgeStacks({
        project,
        env,
        signal,
        ...(version === undefined ? {} : { context: { "cdk-nomad/nomad-version": version } }),
      }),
    ),
  );
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}

async function inTurn<T, R>(items: readonly T[], run: (item: T, index: number) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (const [index, item] of items.entries()) done.push(await run(item, index));
  return done;
}

/** What a later Nomad says of jobs, without the warnings that are there today: errors stay, since what is refused today is not well after an upgrade. */
function upgraded(to: string, today: readonly Problem[], { file, problems: later }: JudgedFile): UpgradedFile {
  const [before, after] = [new Set(today.map(keyOf)), new Set(later.map(keyOf))];
  const rules = new Set(later.filter((problem) => !before.has(keyOf(problem))).map(({ rule }) => rule));
  return {
    file,
    problems: later.filter((problem) => isError(problem) || !before.has(keyOf(problem))),
    upgrade: {
      to,
      news: [...rules].map((rule) => (isRuleId(rule) ? { rule, title: RULES[rule].title } : { rule })),
      over: today.filter((problem) => !after.has(keyOf(problem))),
    },
  };
}

/** What tells problems apart, whichever Nomad is asked: what is said of fields that only some have names the one that was asked. */
function keyOf({ rule, path, severity, message }: Problem): string {
  return JSON.stringify([rule, pathKey(path), severity, rule === "target/version" ? "" : message]);
}

/** @throws UserError where a version is none, or the one to upgrade to is newer than all whose rules are known */
function checkVersions({ nomadVersion, upgradeTo }: Omit<Input, "names">): void {
  for (const [option, version] of [
    ["--nomad-version", nomadVersion],
    ["--upgrade-to", upgradeTo],
  ] as const)
    if (version !== undefined && !isVersion(version))
      throw UserError.at(
        option,
        `"${version}" is no version of Nomad; write two or three numbers with dots between them, up to ${NEWEST_NOMAD}, whose rules are the newest that are known here`,
        "target/version",
      );
  if (upgradeTo === undefined || isKnownVersion(upgradeTo)) return;
  const message = `what Nomad ${upgradeTo} refuses is not known here; write a version up to ${NEWEST_NOMAD}`;
  throw UserError.at("--upgrade-to", message, "target/version");
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

/** What is wrong with a file or a stack. */
export function judgedText({ file, problems, upgrade }: UpgradedFile): TerminalText {
  const errors = problems.filter(isError).length;
  const warnings = problems.length - errors;
  const counts = [...count(errors, term`error`), ...count(warnings, term`warning`)];
  const sign = errors > 0 ? BAD : warnings > 0 ? ATTENTION : GOOD;
  return joinLines([
    term`${sign} ${style.bold(file)}${counts.length > 0 ? term`: ${join(counts, term`, `)}` : term``}`,
    ...problems.flatMap((problem) => problemText(file, problem)),
    ...(upgrade ? upgradeText(upgrade) : []),
  ]);
}

/** What came with a later Nomad that concerns these jobs, and what of today is over with it. */
function upgradeText({ to, news, over }: Upgrade): readonly TerminalText[] {
  if (news.length + over.length === 0) return [term`  Nomad ${to} says of it what the Nomad of today says`];
  return [
    ...news.map(({ rule, title }) =>
      wrap(term`new with Nomad ${to}: ${title === undefined ? rule : `${title} [${rule}]`}`, { indent: 2, hanging: 2 }),
    ),
    ...over.map(({ rule, path, message }) =>
      wrap(term`over with Nomad ${to}: ${path.length === 0 ? "" : `${pathText(path)}: `}${message} [${rule}]`, {
        indent: 2,
        hanging: 2,
      }),
    ),
  ];
}

/** What was judged, for machines. */
function judgedJson({ upgrade, problems, ...rest }: UpgradedFile) {
  const more = upgrade && {
    upgrade: { to: upgrade.to, new: upgrade.news, over: upgrade.over.map(problemJson) },
  };
  return { ...rest, problems: problems.map(problemJson), ...more };
}

function problemText(file: string, problem: Problem): readonly TerminalText[] {
  const { line, path, message, rule } = problem;
  const place = [
    ...(line === undefined ? [] : [term`${file}:${line}`]),
    ...(path.length === 0 ? [] : [term`${pathText(path)}`]),
  ];
  const mark = isError(problem) ? style.red(term`error`) : style.yellow(term`warning`);
  return [
    wrap(place.length > 0 ? term`${mark} ${style.bold(join(place, term` `))}` : mark, { indent: 2, hanging: 2 }),
    wrap(term`${block(message)} [${rule}]`, { indent: 4 }),
  ];
}

function count(number: number, word: TerminalText): readonly TerminalText[] {
  return number === 0 ? [] : [term`${number} ${word}${number === 1 ? term`` : term`s`}`];
}

/**
 * An annotation on a pull request.
 *
 * @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
 */
function annotation(file: string, { line, ...problem }: Problem): TerminalText {
  return workflowCommand(problem.severity, { file, line, title: problem.rule }, formatProblem(problem));
}
