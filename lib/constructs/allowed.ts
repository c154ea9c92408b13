import { pathText, type Problem } from "../jobspec";

/**
 * Problems as synthesis judges them: what cannot be meant is an error, unless its rule is allowed; of what is allowed by rule and name nothing
 * is said.
 *
 * @param allow ids of rules, such as `secret/literal`, and rules with a name, such as `secret/literal:API_KEY`
 * @param senseless rules whose warnings stop synthesis
 */
export function allowed(
  problems: readonly Problem[],
  allow: readonly string[],
  senseless: ReadonlySet<string> = new Set(),
): readonly Problem[] {
  return problems
    .filter((problem) => problem.severity === "error" || !allow.some((entry) => isAllowed(problem, entry)))
    .map((problem): Problem =>
      (problem.stopsSynthesis ?? senseless.has(problem.rule)) && !allow.includes(problem.rule)
        ? { ...problem, severity: "error" }
        : problem,
    );
}

/** Whether an entry such as `secret/literal:API_KEY` means this problem: its rule, at this name. */
function isAllowed({ rule, path }: Problem, entry: string): boolean {
  if (!entry.startsWith(`${rule}:`)) return false;
  const name = entry.slice(rule.length + 1);
  const last = path.at(-1);
  return name !== "" && (typeof last === "object" ? ("key" in last ? last.key : last.name) : last) === name;
}

/** The errors among problems, as cdktf's own validation prints them. */
export function errorLines(problems: readonly Problem[]): string[] {
  return problems
    .filter(({ severity }) => severity === "error")
    .map(({ path, message, rule }) => `${pathText(path)}: ${message} [${rule}]`);
}
