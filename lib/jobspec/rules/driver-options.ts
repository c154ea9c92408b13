import type { Task, TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { Place, type JobProblem } from "../engine";
import { each } from "./walk";

/** What a job gives its drivers that they do not have, and nothing else that is wrong with it. */
export function unknownDriverOptions(job: JobBlock): readonly JobProblem[] {
  const found: JobProblem[] = [];
  for (const group of each<TaskGroup>(job.groups, Place.root(found), "groups"))
    for (const { value, at } of each<Task>(group.value.tasks, group.at, "tasks"))
      value.driver?.checkOptions(at.property("driver"));
  return found;
}
