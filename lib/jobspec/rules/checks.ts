import type { Check, Service } from "../blocks";
import { type Place } from "../engine";
import { hasReference, HTTP_METHODS, wrongCheckPath } from "./grammar";
import { providerOf, type Node } from "./walk";

/** What a service and its checks are judged by. */
export interface ServiceContext {
  readonly labels: ReadonlySet<string>;
  /** The task that has the service; undefined where the group has it. */
  readonly task: string | undefined;
  readonly taskNames: readonly string[];
  /** The task of the service, where it has one: its own, or the only one that can speak to the mesh for it. */
  readonly serviceTask: string | undefined;
  /** The port of the service: its own, or the one that a server gives to a gateway. */
  readonly servicePort: string | undefined;
}

const NEEDS_PORT = new Set(["http", "tcp", "grpc"]);
const LONGEST_NOTES = 255;

/** One look at a service, in its service and its group. */
export function checkCheck({ value: check, at }: Node<Check>, service: Service, around: ServiceContext): void {
  const type = typeof check.type === "string" ? check.type.toLowerCase() : "";
  form(check, type, at);
  if (NEEDS_PORT.has(check.type as string)) port(check, around, at);
  task(check, service, around, at);
  restarts(check, service, at);
  if (providerOf(service) === "nomad") nomadOnly(check, type, service, at);
  else consulOnly(check, type, service, at);
  if (check.interval && check.timeout && check.timeout.nanoseconds > check.interval.nanoseconds) {
    at.property("timeout").warning(
      "check/timeout-above-interval",
      `${check.timeout} is longer than the interval, ${check.interval}: looks pile up; shorten it`,
    );
  }
}

/** What its kind needs. */
function form(check: Check, type: string, at: Place): void {
  if (type === "http") {
    const place = at.property("path");
    if (!check.path) place.error("check/path", 'an http check needs a path; write one, such as "/health"');
    else {
      const wrong = wrongCheckPath(check.path);
      if (wrong !== undefined) place.error("check/path", `"${check.path}" ${wrong}`);
    }
  }
  if (type === "script" && !check.command)
    at.property("command").error("check/command", "a script check needs a command; write one");
}

function port(check: Check, { labels, task, servicePort }: ServiceContext, at: Place): void {
  const label = check.port || servicePort;
  const place = at.property("port");
  const offer =
    labels.size === 0
      ? `add one, such as Port.dynamic("http")`
      : `write ${[...labels].map((known) => `"${known}"`).join(" or ")}, or add it`;
  // A server adds the port of an exposed check by itself.
  if (!label) {
    place.error("check/no-port", `a ${check.type} check needs a port, on itself or on its service; ${offer}`);
    return;
  }
  if (labels.has(label)) return;
  const severity = task !== undefined ? "error" : "warning";
  if (!/^[+-]?\d+$/.test(label)) {
    // Its service's port was reported there, and what the node fills in is any port.
    if (!check.port || (task === undefined && hasReference(label))) return;
    const message = `no network of the group has a port "${label}"; ${offer}`;
    place.report({ rule: "check/port-unknown", message, severity, missing: label });
    return;
  }
  // A check of a group's service asks at any port of its node; a server judges one of a task's service.
  if (task !== undefined && check.addressMode !== "driver") {
    const message = `a number needs addressMode: "driver"; write a label: ${offer}`;
    place.error("check/port-number", message, { missing: label });
  } else if (Number(label) <= 0 && (task !== undefined || check.port)) {
    const message = `${label} is no port; write 1 to 65535`;
    place.report({ rule: "check/port-number", message, severity, missing: label });
  }
}

/** The task in which a script runs. */
function task(
  check: Check,
  service: Service,
  { task: owner, taskNames, serviceTask }: ServiceContext,
  at: Place,
): void {
  const place = at.property("task");
  const { addressMode: mode } = check;
  if (owner !== undefined) {
    if (mode === "alloc" || mode === "alloc_ipv6")
      at.property("addressMode").error(
        "check/address-mode",
        `"${mode}" is for services of a group; write another mode`,
      );
    return;
  }
  if (check.type === "script" && !check.task && !serviceTask)
    place.error("check/task", `a script runs inside a task; write which: ${taskNames.join(", ")}`);
  const named = check.task || service.task;
  if (!named) return;
  if (mode === "driver")
    at.property("addressMode").error("check/address-mode", `"driver" is for services of a task; write another mode`);
  if (!taskNames.includes(named))
    place.error("check/task", `the group has no task "${named}"; write one of ${taskNames.join(", ")}`, {
      missing: named,
    });
}

/** What a failing check does to its task and to a deployment. */
function restarts(check: Check, service: Service, at: Place): void {
  if (!check.checkRestart && !service.checkRestart) return;
  const onUpdate = check.onUpdate || service.onUpdate;
  const place = at.property("checkRestart");
  if (onUpdate === "ignore") {
    const message =
      'a check that a deployment ignores cannot restart the task; remove it, or write onUpdate: "require_healthy"';
    place.error("check/on-update", message);
  }
  const ignoring = check.checkRestart?.ignoreWarnings || service.checkRestart?.ignoreWarnings;
  if (onUpdate === "ignore_warnings" && !ignoring) {
    const message = "a deployment ignores its warnings, so its restarts must too; write ignoreWarnings: true";
    place.error("check/on-update", message);
  }
}

/** What only Consul's checks know. */
function nomadOnly(check: Check, type: string, service: Service, at: Place): void {
  const refuse = (property: string, what: string) =>
    at.property(property).error("check/provider", `${what}; leave it out, or write provider: "consul"`);
  if (type === "grpc" || type === "script") {
    const message = `Nomad's own registry knows http and tcp checks only; write one of them, or provider: "consul"`;
    at.property("type").error("check/provider", message);
  }
  if (check.expose) refuse("expose", "only checks of Consul are exposed past the mesh");
  if ((check.onUpdate || service.onUpdate) === "ignore_warnings")
    refuse("onUpdate", "checks of Nomad's own registry have no warnings");
  if (check.checkRestart?.ignoreWarnings || service.checkRestart?.ignoreWarnings)
    refuse("checkRestart", "checks of Nomad's own registry have no warnings to ignore");
  if (check.addressMode === "driver") refuse("addressMode", "only checks of Consul look at a driver's address");
  if (check.type === "http" && check.method && !HTTP_METHODS.has(check.method.toUpperCase()))
    at.property("method").error(
      "check/method",
      `"${check.method}" is no method; write one of ${[...HTTP_METHODS].join(", ")}`,
    );
  for (const property of ["successBeforePassing", "failuresBeforeCritical", "failuresBeforeWarning"] as const) {
    if ((check[property] ?? 0) > 0) refuse(property, "only checks of Consul count");
  }
  if (check.tlsSkipVerify) {
    const message = 'only checks of Consul pass over certificates; leave it out, or write provider: "consul"';
    at.property("tlsSkipVerify").error("check/tls-skip-verify", message);
  }
  if (check.tlsServerName) refuse("tlsServerName", "only checks of Consul ask for a name in TLS");
}

function consulOnly(check: Check, type: string, service: Service, at: Place): void {
  if (check.expose && type !== "http" && type !== "grpc")
    at.property("expose").error(
      "check/expose",
      `only http and grpc checks are exposed, and this is ${type}; leave it out`,
    );
  if (check.type === "tcp" && service.connect?.sidecarService) {
    const message =
      "a tcp check sees the proxy and not the service behind it; write an http or grpc check, with expose: true";
    at.property("type").error("check/connect", message);
  }
  for (const property of ["successBeforePassing", "failuresBeforeCritical", "failuresBeforeWarning"] as const) {
    if ((check[property] ?? 0) > 0 && !NEEDS_PORT.has(check.type as string))
      at.property(property).error("check/thresholds", `a ${type} check does not count; leave it out`);
  }
  if (check.notes !== undefined && new TextEncoder().encode(check.notes).length > LONGEST_NOTES)
    at.property("notes").error("check/notes", `is longer than ${LONGEST_NOTES} bytes; shorten it`);
}
