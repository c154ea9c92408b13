/** Rules that span blocks: what a Nomad server would say of a whole job, said before it is asked. */
import type { Task, TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import type { CheckContext, JobProblem, Place } from "../engine";
import { enterprise } from "./enterprise";
import { shellReferences } from "./interpolation";
import { job as jobItself } from "./job";
import { literals } from "./literals";
import { mesh } from "./mesh";
import { injectedTasks } from "./mesh-tasks";
import { groupNames, taskNames } from "./names";
import { placement } from "./placement";
import { portReferences } from "./port-references";
import { ports } from "./ports";
import { reschedule } from "./reschedule";
import { disconnect, migrate, restart, scaling } from "./restart";
import { services } from "./services";
import { runDuration } from "./run-duration";
import { shutdownDelays } from "./shutdown";
import { signals } from "./signals";
import { cores, tasks } from "./tasks";
import { whateverComes } from "./unknown-values";
import { update, updatesTogether } from "./update";
import { volumes } from "./volumes";
import { each, type GroupNode, type GroupRule, type JobRule } from "./walk";

export {
  countOf,
  USUAL_SHARE,
  migrateOf,
  rescheduleOf,
  restartOf,
  UPDATE_DEFAULTS,
  updateOf,
  hasManualCanary,
} from "./effective";
export { exposedPort, isExposable, meshPorts, nativeTaskOf } from "./mesh-tasks";
export { serviceNameOf, servicesOf, typeOf, type GroupNode } from "./walk";
export { matchExpression } from "./grammar";
export { literalsAmong } from "./literals";
export { unknownDriverOptions } from "./driver-options";
export { isKnownVersion, isVersion, NEWEST_NOMAD, targetOf, type Target } from "./target";

const JOB_RULES: readonly JobRule[] = [jobItself, groupNames, placement, updatesTogether, enterprise, literals];
const GROUP_RULES: readonly GroupRule[] = [
  taskNames,
  update,
  restart,
  reschedule,
  migrate,
  disconnect,
  scaling,
  ports,
  volumes,
  services,
  mesh,
  tasks,
  shellReferences,
  portReferences,
  signals,
  runDuration,
  shutdownDelays,
  cores,
];

/** Everything that is wrong with a job as a whole, whatever comes of the values that are known only at deploy time. */
export function checkJob(job: JobBlock, context: CheckContext): readonly JobProblem[] {
  return whateverComes(job, (each, at) => applyRules(each, at, context), context.nomadVersion);
}

function applyRules(job: JobBlock, at: Place, context: CheckContext): void {
  const groups = groupsOf(job, at);
  for (const rule of JOB_RULES) rule({ value: job, at }, groups, context);
  for (const group of groups) {
    for (const rule of GROUP_RULES) rule(group, job, context);
  }
}

/** The groups of a job, with their tasks and those that a server adds. */
export function groupsOf(job: JobBlock, at: Place): readonly GroupNode[] {
  return each<TaskGroup>(job.groups, at, "groups").map(({ value, at: place }) => {
    const tasks = each<Task>(value.tasks, place, "tasks");
    return { value, at: place, tasks, jobAt: at, injected: injectedTasks({ value, at: place, jobAt: at, tasks }, job) };
  });
}
