import type { Check, Service, Task } from "../blocks";
import { isDeferred, type Place } from "../engine";
import { checksOf, servicesOf, type GroupNode, type GroupRule, type Node } from "./walk";

const NAME = /^(?:[a-z0-9]|[a-z0-9][a-z0-9-]{0,61}[a-z0-9])$/i;
const NEEDS_PORT = new Set(["http", "tcp", "grpc"]);

/** What a service and its checks are judged by. */
interface Surroundings {
  readonly labels: ReadonlySet<string>;
  /** The task that has the service; undefined where the group has it. */
  readonly task: string | undefined;
  readonly tasks: readonly Node<Task>[];
}

/** Services and their checks: names, providers, ports that are there. */
export const services: GroupRule = (group) => {
  const own = servicesOf(group).map((service) => ({ service, task: undefined as string | undefined }));
  for (const task of group.tasks) {
    for (const service of servicesOf(task)) own.push({ service, task: task.value.name });
  }
  if (own.length === 0) return;
  const labels = labelsOf(group);
  for (const { service, task } of own) checkService(service, { labels, task, tasks: group.tasks });
  if (own.length > 1) checkTogether(own);
};

function checkService(node: Node<Service>, around: Surroundings): void {
  const { value: service, at } = node;
  checkName(service, at);
  checkPort(service.port, service.addressMode, around.labels, at);
  if (service.address && service.addressMode && service.addressMode !== "auto") {
    const message = `"${service.addressMode}" does not go with an address; write "auto" or remove the address`;
    at.property("addressMode").error("service/address", message);
  }
  if (around.task !== undefined && service.task && service.task !== around.task) {
    at.property("task").error("service/task", `belongs to task "${around.task}", not to "${service.task}"; remove it`);
  }
  for (const check of checksOf(node)) checkCheck(check, service, around);
}

/** What the services of one group owe each other. */
function checkTogether(own: readonly { readonly service: Node<Service>; readonly task: string | undefined }[]): void {
  const seen = new Set<string>();
  const first = providerOf(own[0]?.service.value);
  let mixed = false;
  for (const { service, task } of own) {
    const { name = "", port } = service.value;
    const id = JSON.stringify([task, name, port]);
    if (seen.has(id)) {
      const message = `"${name}" is registered twice on the same port; remove one, or write another name`;
      service.at.property("name").error("service/duplicate", message);
    }
    seen.add(id);
    if (mixed || providerOf(service.value) === first) continue;
    mixed = true;
    const message = "the services of one group must have one provider; write the same for all";
    service.at.property("provider").error("service/providers", message);
  }
}

function providerOf(service: Service | undefined): string {
  return service?.provider || "consul";
}

function checkName(service: Service, at: Place): void {
  const { name } = service;
  if (name === undefined || name === "" || isDeferred(name)) return;
  if (!NAME.test(name) && !NAME.test(name.replaceAll(/\$\{[^}]*\}/g, "x"))) {
    at.property("name").error("service/name", `"${name}" is no DNS name; write letters, digits and dashes, 63 at most`);
  }
}

function checkPort(label: string | undefined, mode: string | undefined, labels: ReadonlySet<string>, at: Place): void {
  if (label === undefined || label === "" || isDeferred(label) || labels.has(label)) return;
  const isNumber = /^\d+$/.test(label);
  if (isNumber && mode === "driver") return;
  at.property("port").warning(
    "service/port-unknown",
    `no network of the group has a port "${label}"; ${offer(labels)}`,
  );
}

function offer(labels: ReadonlySet<string>): string {
  return labels.size === 0
    ? `add one, such as Port.dynamic("http")`
    : `write ${[...labels].map((label) => `"${label}"`).join(" or ")}, or add it`;
}

function checkCheck({ value: check, at }: Node<Check>, service: Service, around: Surroundings): void {
  const { labels } = around;
  const provider = providerOf(service);
  const taskNames = around.tasks.map(({ value }) => value.name);
  const type = typeof check.type === "string" ? check.type.toLowerCase() : "";
  if (provider === "nomad" && (type === "grpc" || type === "script")) {
    at.property("type").error(
      "check/provider",
      `Nomad's own registry knows http and tcp checks only; write one of them, or provider: "consul"`,
    );
  }
  if (type === "http" && !check.path)
    at.property("path").error("check/path", 'an http check needs a path; write one, such as "/health"');
  if (type === "script" && !check.command)
    at.property("command").error("check/command", "a script check needs a command; write one");
  if (NEEDS_PORT.has(type)) {
    const label = check.port || service.port;
    if (!label)
      at.property("port").error(
        "check/no-port",
        `a ${type} check needs a port, on itself or on its service; ${offer(labels)}`,
      );
    else if (check.port && check.port !== service.port) checkUnknown(check, labels, at);
  }
  if (type === "script" && around.task === undefined && !check.task && !service.task) {
    at.property("task").error("check/task", `a script runs inside a task; write which: ${taskNames.join(", ")}`);
  }
  if (check.task && around.task === undefined && !taskNames.includes(check.task)) {
    at.property("task").error(
      "check/task",
      `the group has no task "${check.task}"; write one of ${taskNames.join(", ")}`,
    );
  }
  if (check.onUpdate === "ignore" && check.checkRestart) {
    at.property("checkRestart").error(
      "check/on-update",
      'a check that a deployment ignores cannot restart the task; remove it, or write onUpdate: "require_healthy"',
    );
  }
  if (check.interval && check.timeout && check.timeout.nanoseconds > check.interval.nanoseconds) {
    at.property("timeout").warning(
      "check/timeout-above-interval",
      `${check.timeout} is longer than the interval, ${check.interval}: looks pile up; shorten it`,
    );
  }
}

function checkUnknown(check: Check, labels: ReadonlySet<string>, at: Place): void {
  const label = check.port as string;
  if (isDeferred(label) || labels.has(label)) return;
  if (/^\d+$/.test(label)) {
    if (check.addressMode !== "driver")
      at.property("port").error(
        "check/port-number",
        `a number needs addressMode: "driver"; write a label: ${offer(labels)}`,
      );
    return;
  }
  at.property("port").warning("check/port-unknown", `no network of the group has a port "${label}"; ${offer(labels)}`);
}

function labelsOf({ value: group }: GroupNode): Set<string> {
  const networks = [...(group.networks ?? [])];
  for (const task of group.tasks ?? []) networks.push(...(task.resources?.networks ?? []));
  const labels = new Set<string>();
  for (const network of networks) for (const port of network.ports ?? []) labels.add(port.label);
  return labels;
}
