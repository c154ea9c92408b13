import { existsSync } from "node:fs";
import type { Problem } from "../../jobspec";
import { judgeFile, judgeStack, type JudgedFile, type LocatedProblem } from "../../operations";
import { hclParser, type HclOptions } from "../hcl";
import { localCluster, type CliContext } from "../context";
import type { Terminal } from "../terminal";

/** Options of `validate`. */
export interface ValidateOptions extends HclOptions {
  readonly format: "text" | "json" | "github";
  readonly nomadVersion?: string;
  readonly enterprise?: boolean;
  readonly memoryOversubscription?: boolean;
}

/** Says what a Nomad server would say of the jobs of files, or of a stack. */
export async function validate(names: readonly string[], options: ValidateOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const { nomadVersion, enterprise, memoryOversubscription } = options;
  const target = { nomadVersion, enterprise, memoryOversubscription };
  const parser = hclParser(options, context);
  const judged: JudgedFile[] = [];
  try {
    for (const name of names) {
      const isStack = !existsSync(name) && /^[\w-]+$/.test(name);
      judged.push(
        isStack
          ? await judgeStack(name, { project: localCluster().project, signal })
          : await judgeFile(name, parser.parse, target),
      );
    }
  } finally {
    await parser.close();
  }
  if (options.format === "json") terminal.print(JSON.stringify(judged, null, 2));
  else if (options.format === "github") for (const file of judged) annotate(file, terminal);
  else for (const file of judged) report(file, terminal);
  if (judged.some(({ problems }) => problems.some(isError))) process.exitCode = 1;
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

function report({ file, problems }: JudgedFile, terminal: Terminal): void {
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
