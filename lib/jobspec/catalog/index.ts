/** The rules that jobs are judged by, as data: whatever names a rule names one of these. */
import { JOB_RULES } from "./job-rules";
import { MODEL_RULES } from "./model-rules";
import type { RuleInfo } from "./rule";
import { SERVICE_RULES } from "./service-rules";
import { TASK_RULES } from "./task-rules";

export type { RuleInfo } from "./rule";

const ALL = { ...MODEL_RULES, ...JOB_RULES, ...SERVICE_RULES, ...TASK_RULES } as const;

/** The id of a rule, such as `update/deadlines`. */
export type RuleId = keyof typeof ALL;

/** Every rule, by its id. */
export const RULES: Readonly<Record<RuleId, RuleInfo>> = ALL;

/** Whether a text is the id of a rule. */
export function isRuleId(id: string): id is RuleId {
  return Object.hasOwn(RULES, id);
}
