import { formatProblem, pathText, UserError, type Problem } from "../../jobspec";
import { isKnownVersion, NEWEST_NOMAD, pathKey, targetOf } from "../../jobspec/host";
import { judgeFile, judgeStack, type JudgedFile } from "../../operations";
import { block, join, joinLines, style, term, workflowCommand, wrap, type TerminalText } from "../../text";
import { choice, command, flag, listOfArguments, value, type ValuesOf } from "../command";
import { localCluster, type CliContext } from "../context";
import { EXIT } from "../exit-codes";
import { fileReading } from "../hcl";
import { isStackName } from "../jobs";
import { json, variables } from "../options";
import { problemJson } from "../error-text";
import { ATTENTION, BAD, GOOD } from "../signs";

const options = {
  format: choice("format", "how problems are printed", ["text", "json", "github"], "text"),
  nomadVersion: value("version", "the oldest Nomad that must take the jobs (default: 1.11)"),
  upgradeTo: value(
    "version",
    "also what a Nomad of this version refuses or warns of, and the one of today does not: 2.0, say",
  ),
  enterprise: flag("that Nomad is Nomad Enterprise"),
  memoryOversubscription: flag("its scheduler lets tasks use more memory than they reserve"),
  ...variables,
  ...json,
};

/** Says what a Nomad server would say of the jobs of files, or of a stack. */
export const validate = command({
  name: "validate",
  summary: "say what a Nomad server would say of jobs, without asking one",
  arguments: {
    names: listOfArguments("files of HCL, JSON or TypeScript, or stacks of this project", {
      placeholder: "file|stack",
      least: 1,
    }),
  },
  options,
  examples: [
    "cdk-nomad validate web.nomad.hcl",
    "cdk-nomad validate dev staging --format github",
    "cdk-nomad validate prod --upgrade-to 2.0",
  ],
  exitCodes: { [EXIT.ok]: "no errors; warnings perhaps", [EXIT.failed]: "an error" },
  interrupted: term`nothing was changed`,
  async run({ names, ...input }, context) {
    const { terminal } = context;
    checkVersions(input);
    const judged = await judge(names, input, context);
    terminal.rest();
    const as = input.json ? "json" : input.format;
    if (as === "json") terminal.json(judged.map((each) => ({ ...each, problems: each.problems.map(problemJson) })));
    else if (as === "github")
      for (const { file, problems } of judged)
        for (const problem of problems) terminal.print(annotation(file, problem));
    else for (const file of judged) terminal.print(judgedText(file));
    return judged.some(({ problems }) => problems.some(isError)) ? EXIT.failed : EXIT.ok;
  },
});

async function judge(
  names: readonly string[],
  input: ValuesOf<typeof options>,
  context: CliContext,
): Promise<readonly JudgedFile[]> {
  const { nomadVersion, upgradeTo } = input;
  const today = await judgeFor(nomadVersion, names, input, context);
  if (upgradeTo === undefined) return today;
  const later = await judgeFor(upgradeTo, names, input, context);
  return later.map((judged, index) => ({
    ...judged,
    problems: withoutKnownWarnings(judged.problems, today[index]?.problems ?? []),
  }));
}

/** Problems without the warnings that were there before: errors stay, since what is refused today is not well after an upgrade. */
function withoutKnownWarnings(problems: readonly Problem[], before: readonly Problem[]): readonly Problem[] {
  const keyOf = ({ rule, path, severity, message }: Problem) =>
    JSON.stringify([rule, pathKey(path), severity, message]);
  const known = new Set(before.map(keyOf));
  return problems.filter((problem) => isError(problem) || !known.has(keyOf(problem)));
}

/** @throws UserError where a version is none, or the one to upgrade to is newer than all whose rules are known */
function checkVersions({ nomadVersion, upgradeTo }: ValuesOf<typeof options>): void {
  for (const version of [nomadVersion, upgradeTo]) if (version !== undefined) targetOf({ nomadVersion: version });
  if (upgradeTo === undefined || isKnownVersion(upgradeTo)) return;
  const message = `what Nomad ${upgradeTo} refuses is not known here; write a version up to ${NEWEST_NOMAD}`;
  throw UserError.at("--upgrade-to", message, "target/version");
}

async function judgeFor(
  nomadVersion: string | undefined,
  names: readonly string[],
  input: ValuesOf<typeof options>,
  context: CliContext,
): Promise<readonly JudgedFile[]> {
  const { env, signal } = context;
  const { enterprise, memoryOversubscription } = input;
  const target = { nomadVersion, enterprise, memoryOversubscription };
  // A stack says itself which Nomad it is for, unless another is asked about.
  const asked = nomadVersion === undefined ? {} : { context: { "cdk-nomad/nomad-version": nomadVersion } };
  const { reading, close } = fileReading(input, context);
  const judged: JudgedFile[] = [];
  try {
    for (const name of names) {
      if (isStackName(name, context)) context.terminal.progress().step(`synthesizing ${name}`);
      judged.push(
        isStackName(name, context)
          ? await judgeStack(name, { project: localCluster(context).project, env, signal, ...asked })
          : await judgeFile(name, { ...reading, target }),
      );
    }
  } finally {
    await close();
  }
  return judged;
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

/** What is wrong with a file or a stack. */
export function judgedText({ file, problems }: JudgedFile): TerminalText {
  const errors = problems.filter(isError).length;
  const warnings = problems.length - errors;
  const counts = [...count(errors, term`error`), ...count(warnings, term`warning`)];
  const sign = errors > 0 ? BAD : warnings > 0 ? ATTENTION : GOOD;
  return joinLines([
    term`${sign} ${style.bold(file)}${counts.length > 0 ? term`: ${join(counts, term`, `)}` : term``}`,
    ...problems.flatMap((problem) => problemText(file, problem)),
  ]);
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
