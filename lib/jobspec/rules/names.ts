import type { Task } from "../blocks";
import type { JobRule, Node } from "./walk";

/** Names: of the job, and of groups and tasks among their siblings. */
export const names: JobRule = ({ value: job, at }, groups) => {
  const id = job.id as string | undefined;
  if (id === "") at.property("id").error("job/id", "is empty; write a name");
  else if (typeof id === "string" && /[ \0]/.test(id))
    at.property("id").error("job/id", `"${id}" holds a space or a null character; write dashes instead`);

  if (job.priority !== undefined && job.priority > 100) {
    at.property("priority").error("job/priority", `${job.priority} is out of range; write 1 to 100`);
  }
  for (const [index, datacenter] of (job.datacenters ?? []).entries()) {
    if (datacenter === "")
      at.property("datacenters").element(index).error("job/datacenter", 'is empty; write a name, or "*" for any');
  }
  if (!job.groups?.length) at.property("groups").error("job/no-groups", "a job needs a group; add one");

  unique(groups, "group", "group/duplicate");
  for (const group of groups) {
    if (group.value.name === "") group.at.property("name").error("group/name", "is empty; write a name");
    if (group.tasks.length === 0) group.at.property("tasks").error("group/no-tasks", "a group needs a task; add one");
    for (const task of group.tasks) {
      const bad = badTaskName(task.value.name);
      if (bad !== undefined) task.at.property("name").error("task/name", bad);
    }
    if (group.tasks.length > 1) amongTasks(group.tasks);
  }
};

function badTaskName(name: string): string | undefined {
  if (name === "") return "is empty; write a name";
  if (name === "alloc") return '"alloc" is the name of a directory of Nomad; write another';
  if (typeof name === "string" && /[/\\\0]/.test(name))
    return `"${name}" holds a slash or a null character; write dashes instead`;
  return undefined;
}

/** What the tasks of one group owe each other. */
function amongTasks(tasks: readonly Node<Task>[]): void {
  unique(tasks, "task", "task/duplicate");
  const [leader, ...others] = tasks.filter(({ value }) => value.leader);
  for (const extra of others) {
    extra.at.property("leader").error("task/leaders", `"${leader?.value.name}" leads already; only one task may`);
  }
}

function unique(list: readonly Node<{ readonly name: string }>[], kind: string, rule: string): void {
  const seen = new Set<string>();
  for (const { value, at } of list) {
    const { name } = value;
    if (seen.has(name)) {
      at.property("name").error(rule, `"${name}" is the name of two ${kind}s; write another for one of them`);
    }
    seen.add(name);
  }
}
