import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Problem } from "../../jobspec";
import { judgeFile, judgeStack, type JudgedFile, type LocatedProblem } from "../../operations";
import { choice, command, flag, listOfArguments, value, type ValuesOf } from "../command";
import { localCluster, type CliContext } from "../context";
import { EXIT } from "../exit-codes";
import { hclParser } from "../hcl";
import { variables } from "../options";
import type { Terminal } from "../terminal";

const options = {
  format: choice("format", "how problems are printed", ["text", "json", "github"], "text"),
  nomadVersion: value("version", "the oldest Nomad that must take the jobs (default: 1.11)"),
  enterprise: flag("that Nomad is Nomad Enterprise"),
  memoryOversubscription: flag("its scheduler lets tasks use more memory than they reserve"),
  ...variables,
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
  examples: ["cdk-nomad validate web.nomad.hcl", "cdk-nomad validate dev staging --format github"],
  exitCodes: { [EXIT.ok]: "no errors; warnings perhaps", [EXIT.failed]: "an error" },
  interrupted: "nothing was changed",
  async run({ names, ...input }, context) {
    const { terminal } = context;
    const judged = await judge(names, input, context);
    terminal.rest();
    if (input.format === "json") terminal.json(judged);
    else if (input.format === "github") for (const file of judged) annotate(file, terminal);
    else for (const file of judged) report(file, terminal);
    return judged.some(({ problems }) => problems.some(isError)) ? EXIT.failed : EXIT.ok;
  },
});

async function judge(
  names: readonly string[],
  input: ValuesOf<typeof options>,
  context: CliContext,
): Promise<readonly JudgedFile[]> {
  const { env, signal } = context;
  const { nomadVersion, enterprise, memoryOversubscription } = input;
  const target = { nomadVersion, enterprise, memoryOversubscription };
  const parser = hclParser(input, context);
  const judged: JudgedFile[] = [];
  try {
    for (const name of names) {
      const isStack = !existsSync(resolve(context.cwd, name)) && /^[\w-]+$/.test(name);
      judged.push(
        isStack
          ? await judgeStack(name, { project: localCluster(context).project, env, signal })
          : await judgeFile(name, parser.parse, target),
      );
    }
  } finally {
    await parser.close();
  }
  return judged;
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

/** Prints what is wrong with a file or a stack. */
export function report({ file, problems }: JudgedFile, terminal: Terminal): void {
  const { color } = terminal;
  const errors = problems.filter(isError).length;
  const warnings = problems.length - errors;
  const counts = [count(errors, "error"), count(warnings, "warning")].filter((text) => text !== "").join(", ");
  const sign = errors > 0 ? color.red("✗") : warnings > 0 ? color.yellow("!") : color.green("✓");
  terminal.print(`${sign} ${color.bold(file)}${counts === "" ? "" : `: ${counts}`}`);
  for (const problem of problems) {
    const place = [problem.line === undefined ? "" : `${file}:${problem.line}`, problem.path].filter(
      (text) => text !== "",
    );
    const mark = isError(problem) ? color.red("error") : color.yellow("warning");
    terminal.print(`  ${mark} ${color.bold(place.join(" "))}`.trimEnd());
    for (const line of terminal.wrap(`${problem.message} [${problem.rule}]`, 4)) terminal.print(line);
  }
}

function count(number: number, word: string): string {
  return number === 0 ? "" : `${number} ${word}${number === 1 ? "" : "s"}`;
}

/**
 * An annotation on a pull request.
 *
 * @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
 */
function annotate({ file, problems }: JudgedFile, terminal: Terminal): void {
  for (const problem of problems) terminal.print(annotation(file, problem));
}

function annotation(file: string, { severity, rule, path, message, line }: LocatedProblem): string {
  const properties = [
    `file=${property(file)}`,
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(rule)}`,
  ];
  return `::${severity} ${properties.join(",")}::${data(path === "" ? message : `${path}: ${message}`)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
