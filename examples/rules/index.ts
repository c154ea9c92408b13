/** Every rule of the catalog on a job that it finds fault with, and on one that it does not. */
import { UserError, RULES, type Problem, type RuleId, type Target } from "../../lib";
import { JOB_EXAMPLES } from "./job-rules";
import { MODEL_EXAMPLES } from "./model-rules";
import type { Judged, RuleExample } from "./rule-example";
import { SERVICE_EXAMPLES } from "./service-rules";
import { TASK_EXAMPLES } from "./task-rules";

export type { Judged, RuleExample } from "./rule-example";

/** An example for each rule: a rule without one does not compile. */
export const RULE_EXAMPLES: Readonly<Record<RuleId, RuleExample>> = {
  ...MODEL_EXAMPLES,
  ...JOB_EXAMPLES,
  ...SERVICE_EXAMPLES,
  ...TASK_EXAMPLES,
};

/** What the rules say of one side of an example. */
export function judge(judged: Judged, target: Target): readonly Problem[] {
  if ("problems" in judged) return judged.problems;
  if (typeof judged !== "function") return judged.validate(target);
  try {
    return judged().validate(target);
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

/** The releases of Nomad whose rules are known, the oldest first. */
export const RELEASES: readonly string[] = ["1.8", "1.9", "1.10", "1.11", "2.0"];

/** The Nomad that a rule's example is judged for. */
export function targetOf(rule: RuleId): Target {
  const { since, until } = RULES[rule];
  const nomadVersion = since ?? RELEASES[RELEASES.indexOf(until ?? "") - 1];
  return { ...(nomadVersion === undefined ? {} : { nomadVersion }), ...RULE_EXAMPLES[rule].target };
}
