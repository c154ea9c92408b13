import type { Check, Service, TaskGroup } from "../blocks";
import { isDeferred, type Place } from "../engine";
import { portLabels } from "./ports";
import { checksOf, servicesOf, tasksOf, type GroupRule } from "./walk";

const NAME = /^(?:[a-z0-9]|[a-z0-9][a-z0-9-]{0,61}[a-z0-9])$/i;
const NEEDS_PORT = new Set(["http", "tcp", "grpc"]);

/** Services and their checks: names, providers, ports that are there. */
export const services: GroupRule = (group, at) => {
  const labels = labelsOf(group);
  const taskNames = new Set((group.tasks ?? []).map((task) => task.name));
  const providers = new Map<string, Place>();
  const seen = new Set<string>();

  const visit = (service: Service, place: Place, owner: string): void => {
    const provider = service.provider ?? "consul";
    if (!providers.has(provider)) providers.set(provider, place);
    const id = JSON.stringify([owner, service.name, service.port]);
    if (seen.has(id))
      place
        .property("name")
        .error(
          "service/duplicate",
          `"${service.name ?? ""}" is registered twice on the same port; remove one, or write another name`,
        );
    seen.add(id);
    checkName(service, place);
    checkPort(service.port, service.addressMode, labels, place.property("port"));
    if (service.address && service.addressMode && service.addressMode !== "auto") {
      place
        .property("addressMode")
        .error(
          "service/address",
          `"${service.addressMode}" does not go with an address; write "auto" or remove the address`,
        );
    }
    for (const check of checksOf(service, place))
      checkCheck(check.value, check.at, service, provider, labels, owner, taskNames);
  };

  for (const service of servicesOf(group, at)) visit(service.value, service.at, "");
  for (const task of tasksOf(group, at)) {
    for (const service of servicesOf(task.value, task.at)) {
      visit(service.value, service.at, task.value.name);
      const other = service.value.task;
      if (other && other !== task.value.name)
        service.at
          .property("task")
          .error("service/task", `belongs to task "${task.value.name}", not to "${other}"; remove it`);
    }
  }
  const mixed = [...providers.values()][1];
  if (mixed)
    mixed
      .property("provider")
      .error("service/providers", "the services of one group must have one provider; write the same for all");
};

function checkName(service: Service, at: Place): void {
  const { name } = service;
  if (name === undefined || name === "" || isDeferred(name)) return;
  if (!NAME.test(name.replaceAll(/\$\{[^}]*\}/g, "x"))) {
    at.property("name").error("service/name", `"${name}" is no DNS name; write letters, digits and dashes, 63 at most`);
  }
}

function checkPort(label: string | undefined, mode: string | undefined, labels: ReadonlySet<string>, at: Place): void {
  if (label === undefined || label === "" || isDeferred(label) || labels.has(label)) return;
  const isNumber = /^\d+$/.test(label);
  if (isNumber && mode === "driver") return;
  at.warning("service/port-unknown", `no network of the group has a port "${label}"; ${offer(labels)}`);
}

function offer(labels: ReadonlySet<string>): string {
  return labels.size === 0
    ? `add one, such as Port.dynamic("http")`
    : `write ${[...labels].map((label) => `"${label}"`).join(" or ")}, or add it`;
}

function checkCheck(
  check: Check,
  at: Place,
  service: Service,
  provider: string,
  labels: ReadonlySet<string>,
  owner: string,
  taskNames: ReadonlySet<string>,
): void {
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
  if (type === "script" && owner === "" && !check.task && !service.task) {
    at.property("task").error("check/task", `a script runs inside a task; write which: ${[...taskNames].join(", ")}`);
  }
  if (check.task && owner === "" && !taskNames.has(check.task)) {
    at.property("task").error(
      "check/task",
      `the group has no task "${check.task}"; write one of ${[...taskNames].join(", ")}`,
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

function labelsOf(group: TaskGroup): Set<string> {
  const own = (group.networks ?? []).flatMap((network) => network.ports ?? []);
  const tasks = (group.tasks ?? []).flatMap((task) =>
    (task.resources?.networks ?? []).flatMap((network) => network.ports ?? []),
  );
  return portLabels([...own, ...tasks]);
}
