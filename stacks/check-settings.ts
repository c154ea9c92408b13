import * as v from "valibot";
import { UserError, type Path, type Problem } from "../lib";
import { pathOfKeys } from "../lib/errors";
import { settingsSchema, type EnvironmentSettings } from "./settings";

/** What is wrong with the settings of an environment, each with its place, `dev.launcher.count`. */
export function problemsOfSettings(settings: EnvironmentSettings): Problem[] {
  const root = typeof settings?.name === "string" ? settings.name : "settings";
  const { issues = [] } = v.safeParse(settingsSchema, settings);
  return issues.map((issue) =>
    problem([root, ...pathOfKeys((issue.path ?? []).map(({ key }) => key))], inWords(issue)),
  );
}

/** A key too many or too few has no message of its own. */
function inWords(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== "strict_object") return issue.message;
  if (issue.expected === "never") return "is no setting; remove it";
  return issue.received === "undefined" ? "is missing; write it" : "is no object; write { … }";
}

/**
 * Stops at settings that no stack can be made of.
 *
 * @throws UserError with every problem of every environment
 */
export function checkSettings(all: readonly EnvironmentSettings[]): void {
  const problems = all.flatMap(problemsOfSettings);
  for (const [index, { name: own }] of all.entries()) {
    if (all.findIndex((other) => other.name === own) < index)
      problems.push(problem([own, "name"], "is the name of two environments; write another"));
  }
  if (problems.length > 0) throw new UserError(problems);
}

function problem(path: Path, message: string): Problem {
  return { rule: "settings", path, message, severity: "error" };
}
