/** Rules that span blocks: what a Nomad server would say of a whole job, said before it is asked. */
import type { JobBlock } from "../blocks/job";
import type { CheckContext, Place } from "../engine";
import { names } from "./names";
import { placement } from "./placement";
import { ports } from "./ports";
import { migrate, reschedule, restart } from "./restart";
import { services } from "./services";
import { tasks } from "./tasks";
import { update } from "./update";
import { groupsOf, type GroupRule, type JobRule } from "./walk";

export { targetOf, type Target } from "./target";

const JOB_RULES: readonly JobRule[] = [names, placement];
const GROUP_RULES: readonly GroupRule[] = [update, restart, reschedule, migrate, ports, services, tasks];

/** Reports everything that is wrong with a job as a whole. */
export function checkJob(job: JobBlock, at: Place, context: CheckContext): void {
  const groups = groupsOf(job, at);
  for (const rule of JOB_RULES) rule({ value: job, at }, groups, context);
  for (const group of groups) {
    for (const rule of GROUP_RULES) rule(group, job, context);
  }
}
