import type { IConstruct } from "constructs";
import { pathText, type Problem, UserError } from "../errors";
import { RULES, type JobProblem, type RuleId } from "../jobspec";
import { isRuleId, nearestOf } from "../jobspec/host";

/** A problem, with the construct whose it is. */
export interface ConstructProblem {
  readonly construct: IConstruct;
  readonly problem: Problem;
}

/** What shall not stop synthesis: a rule, such as `secret/literal`, or a rule with a name, such as `secret/literal:API_KEY`. */
export type AllowedRule = RuleId | `${RuleId}:${string}`;

/**
 * What is allowed, as it was given: also by programs that no compiler looked at.
 *
 * @param place whose it is
 * @throws UserError where an entry names no rule
 */
export function checkAllowed(allow: readonly string[], place: string): readonly AllowedRule[] {
  return allow.map((entry) => {
    const [id = "", ...name] = entry.split(":");
    if (isRuleId(id)) return name.length === 0 ? id : (`${id}:${name.join(":")}` as const);
    const near = nearestOf(id, Object.keys(RULES));
    const wayOut = near === undefined ? "docs/reference/rules.md has all of them" : `write "${near}"`;
    throw UserError.at([place, "allow"], `there is no rule "${id}"; ${wayOut}`, "field/unknown");
  });
}

/**
 * Problems as synthesis judges them: what cannot be meant is an error, unless its rule is allowed; of what is allowed by rule and name nothing
 * is said.
 *
 * @param allow ids of rules, such as `secret/literal`, and rules with a name, such as `secret/literal:API_KEY`
 */
export function allowed(problems: readonly JobProblem[], allow: readonly AllowedRule[]): readonly JobProblem[] {
  return problems
    .filter((problem) => problem.severity === "error" || !allow.some((entry) => isAllowed(problem, entry)))
    .map((problem): JobProblem =>
      (problem.stopsSynthesis ?? RULES[problem.rule].stopsSynthesis) && !allow.includes(problem.rule)
        ? { ...problem, severity: "error" }
        : problem,
    );
}

/** Whether an entry such as `secret/literal:API_KEY` means this problem: its rule, at this name. */
function isAllowed({ rule, path }: Problem, entry: AllowedRule): boolean {
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
