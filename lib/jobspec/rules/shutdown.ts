import type { Task } from "../blocks";
import { nativeTaskOf } from "./mesh-tasks";
import { servicesOf, type GroupNode, type GroupRule } from "./walk";

const WAY_OUT = "requests still arrive while it ends; write shutdownDelay: Duration.seconds(5), say";

/**
 * Services whose tasks end at once, while their address is still in the catalog. Nomad warns of them since 2.0.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/task#shutdown_delay
 */
export const shutdownDelays: GroupRule = (group) => {
  for (const { value: task, at } of group.tasks) {
    if (task.services?.length && !isDelayed(task))
      at.property("shutdownDelay").warning("task/shutdown-delay", `the task has services, and ${WAY_OUT}`);
  }
  if (!group.value.services?.length) return;
  const all = [...group.tasks, ...group.injected];
  const isAnyDelayed = Boolean(group.value.shutdownDelay?.nanoseconds) || all.some(({ value }) => isDelayed(value));
  let isSaid = false;
  for (const { value: service } of servicesOf(group)) {
    const { connect } = service;
    const name = service.task || (connect?.native ? nativeTaskOf(service, group) : undefined);
    if (name) {
      ofTask(name, group);
    } else if (!connect?.sidecarService && !connect?.gateway && !isAnyDelayed && !isSaid) {
      isSaid = true;
      const message = `the group has services, and neither it nor a task of it waits before it ends: ${WAY_OUT}`;
      group.at.property("shutdownDelay").warning("group/shutdown-delay", message);
    }
  }
};

/** A task that a service of the group names. */
function ofTask(name: string, group: GroupNode): void {
  const named = group.tasks.find(({ value }) => value.name === name);
  if (!named || isDelayed(named.value) || named.value.services?.length) return;
  named.at
    .property("shutdownDelay")
    .warning("task/shutdown-delay", `a service of the group names the task, and ${WAY_OUT}`);
}

function isDelayed(task: Task): boolean {
  return Boolean(task.shutdownDelay?.nanoseconds);
}
