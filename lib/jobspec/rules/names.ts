import type { RuleId } from "../catalog";
import type { Task } from "../blocks";
import type { GroupRule, JobRule, Node } from "./walk";

/** Groups have names, each its own. */
export const groupNames: JobRule = (_job, groups) => {
  unique(groups, "group", "group/duplicate");
  for (const { value, at } of groups) {
    const name = value.name as string | undefined;
    if (name === "") at.property("name").error("group/name", "is empty; write a name");
    else if (name?.includes("\0")) at.property("name").error("group/name", "holds a null character; remove it");
  }
};

/** Tasks have names, each its own in its group, and one of them at most leads. */
export const taskNames: GroupRule = ({ at, tasks, injected }) => {
  if (tasks.length === 0 && injected.length === 0)
    at.property("tasks").error("group/no-tasks", "a group needs a task; add one");
  for (const task of tasks) taskName(task);
  if (tasks.length + injected.length < 2) return;
  // A server finds another name for a proxy of its own, and none for one that is named.
  const named = injected.filter(({ service: { connect } }) => connect?.gateway || connect?.sidecarTask?.name);
  unique([...tasks, ...named], "task", "task/duplicate");
  const [leader, ...others] = tasks.filter(({ value }) => value.leader);
  for (const extra of others) {
    extra.at.property("leader").error("task/leaders", `"${leader?.value.name}" leads already; only one task may`);
  }
};

/** Whether a task may have its name. */
export function taskName({ value: { name }, at }: Node<Task>): void {
  const place = at.property("name");
  if (name === "") place.error("task/name", "is empty; write a name");
  else if (name === "alloc") {
    const message = '"alloc" is the name of a directory of Nomad; write another';
    if (place.judges("task/reserved-name")) place.error("task/reserved-name", message);
    else place.warning("field/senseless", message);
  } else if (typeof name === "string" && /[/\\\0]/.test(name))
    place.error("task/name", `"${name}" holds a slash or a null character; write dashes instead`);
}

function unique(list: readonly Node<{ readonly name: string }>[], kind: string, rule: RuleId): void {
  const seen = new Set<string>();
  for (const { value, at } of list) {
    const { name } = value;
    if (seen.has(name)) {
      at.property("name").error(rule, `"${name}" is the name of two ${kind}s; write another for one of them`);
    }
    seen.add(name);
  }
}
