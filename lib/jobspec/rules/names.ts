import type { Place } from "../engine";
import type { JobRule } from "./walk";

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

  unique(
    groups.map(({ value, at: place }) => ({ name: value.name, at: place })),
    "group",
    "group/duplicate",
  );
  for (const group of groups) {
    if (group.value.name === "") group.at.property("name").error("group/name", "is empty; write a name");
    const { tasks } = group;
    if (tasks.length === 0) group.at.property("tasks").error("group/no-tasks", "a group needs a task; add one");
    unique(
      tasks.map(({ value, at: place }) => ({ name: value.name, at: place })),
      "task",
      "task/duplicate",
    );
    for (const task of tasks) taskName(task.value.name, task.at.property("name"));
    const leaders = tasks.filter(({ value }) => value.leader);
    for (const extra of leaders.slice(1))
      extra.at.property("leader").error("task/leaders", `"${leaders[0]?.value.name}" leads already; only one task may`);
  }
};

function taskName(name: string, at: Place): void {
  if (name === "") at.error("task/name", "is empty; write a name");
  else if (name === "alloc") at.error("task/name", '"alloc" is the name of a directory of Nomad; write another');
  else if (typeof name === "string" && /[/\\\0]/.test(name))
    at.error("task/name", `"${name}" holds a slash or a null character; write dashes instead`);
}

function unique(list: readonly { name: string; at: Place }[], kind: string, rule: string): void {
  const seen = new Set<string>();
  for (const { name, at } of list) {
    if (seen.has(name))
      at.property("name").error(rule, `"${name}" is the name of two ${kind}s; write another for one of them`);
    seen.add(name);
  }
}
