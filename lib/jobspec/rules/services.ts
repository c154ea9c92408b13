import { Identity, type Network, type Service, type Task, type TaskGroup } from "../blocks";
import type { JobBlock } from "../blocks/host";
import { type Place } from "../engine";
import { checkCheck, type ServiceContext } from "./checks";
import { checkLimits } from "./effective";
import { hasReference, isServiceName } from "./grammar";
import { adviseIdentity } from "./identities";
import { meshPorts, nativeTaskOf } from "./mesh-tasks";
import { checksOf, serviceNameOf, providerOf, servicesOf, type GroupNode, type GroupRule, type Node } from "./walk";

interface Owned {
  readonly service: Node<Service>;
  readonly name: string;
  /** The task that has it; undefined where the group has it. */
  readonly task: Task | undefined;
}

/** Services and their checks: names, providers, ports that are there. */
export const services: GroupRule = (group, job) => {
  const own = ownedBy(group, job);
  if (own.length === 0) return;
  const taskNames = [...group.tasks, ...group.injected].map(({ value }) => value.name);
  const added = own.map(({ service, name, task }) => (task ? undefined : meshPorts(service.value, name, group.value)));
  const injected = added.flatMap((ports) => ports?.labels ?? []);
  const labels = labelsOf(group.value.networks, injected);
  for (const [index, { service, name, task }] of own.entries()) {
    const around: ServiceContext = {
      labels: task
        ? new Set([...labelsOf(group.value.networks?.slice(0, 1), injected), ...labelsOf(task.resources?.networks)])
        : labels,
      task: task?.name,
      taskNames,
      serviceTask:
        service.value.task || (service.value.connect?.native ? nativeTaskOf(service.value, group) : undefined),
      servicePort: service.value.port || added[index]?.ofService,
    };
    checkService(service, name, around);
  }
  if (own.length > 1) checkTogether(own);
};

function ownedBy(group: GroupNode, job: JobBlock): readonly Owned[] {
  const own: Owned[] = [];
  const add = (owner: Node<TaskGroup | Task>, task: Task | undefined) => {
    if (!owner.value.services) return;
    for (const service of servicesOf(owner))
      own.push({ service, task, name: serviceNameOf(service.value, job, group.value, task) });
  };
  add(group, undefined);
  for (const task of group.tasks) add(task, task.value);
  return own;
}

const KINDS = ["", "api-gateway", "ingress-gateway", "mesh-gateway", "terminating-gateway"];

function checkService(node: Node<Service>, name: string, around: ServiceContext): void {
  const { value: service, at } = node;
  if (!isServiceName(name)) {
    const message = `"${name}" is no DNS name; write letters, digits and dashes, 63 at most`;
    at.property("name").error("service/name", message);
  }
  address(service, at, around);
  port(service, at, around);
  if (around.task !== undefined && service.task && service.task !== around.task) {
    at.property("task").error("service/task", `belongs to task "${around.task}", not to "${service.task}"; remove it`);
  }
  if (providerOf(service) === "nomad") {
    if (service.connect)
      at.property("connect").error("service/connect", `only Consul has a mesh; write provider: "consul"`);
  } else if (!KINDS.includes(service.kind ?? "")) {
    const message = `"${service.kind}" is not known; write one of ${KINDS.slice(1).join(", ")}, or leave it out`;
    at.property("kind").error("service/kind", message);
  }
  if (around.task !== undefined && service.connect)
    at.property("connect").error(
      "service/connect",
      "only services of a group are in the mesh; move the service to the group",
    );
  if (service.identity) identityOfService(service.identity, providerOf(service), at.property("identity"));
  const names = new Set<string>();
  for (const check of checksOf(node)) {
    checkCheck(check, service, around);
    const own = check.value.name || `service: "${name}" check`;
    if (around.task !== undefined && names.has(own)) {
      const message = check.value.name
        ? `"${own}" is the name of two checks; write another for one of them`
        : "two checks of one service have no name; write one for each";
      check.at.property("name").error("check/duplicate", message);
    }
    names.add(own);
  }
}

/** The token with which a service is registered; a server names it where Consul keeps the service. */
function identityOfService(identity: Identity, provider: string, at: Place): void {
  if (provider !== "consul" && !identity.name)
    at.property("name").error("service/identity", 'is empty; write one, or provider: "consul"');
  if (!identity.audience?.length)
    at.property("audience").error("service/identity", 'is empty; write for whom it is, such as ["consul.io"]');
  else adviseIdentity(identity, at);
  // A server takes whatever stands here: nothing of a service is told of a new token.
  checkLimits(Identity, identity, (property) => at.property(property), { lenient: true });
}

/** Which address is told. */
function address(service: Service, at: Place, around: ServiceContext): void {
  const { addressMode: mode } = service;
  const place = at.property("addressMode");
  if (service.address && mode && mode !== "auto")
    place.error("service/address", `"${mode}" does not go with an address; write "auto" or remove the address`);
  if (around.task === undefined && mode === "driver")
    place.error(
      "service/address-mode",
      `"driver" is for services of a task; move the service to its task, or write another mode`,
    );
  if (around.task !== undefined && (mode === "alloc" || mode === "alloc_ipv6"))
    place.error(
      "service/address-mode",
      `"${mode}" is for services of a group; move the service to the group, or write another mode`,
    );
}

/** A label that some network has. A server refuses others only for services of tasks. */
function port({ port: label, addressMode }: Service, at: Place, { labels, task }: ServiceContext): void {
  if (!label || labels.has(label)) return;
  // Behind a proxy, and at a driver's address, a number is a port by itself.
  if ((addressMode === "driver" || task === undefined) && /^[+-]?\d+$/.test(label)) return;
  // The node fills it in: `${NOMAD_PORT_http}` is the number of a port.
  if (task === undefined && hasReference(label)) return;
  const message = `no network of the group has a port "${label}"; ${offer(labels)}`;
  at.property("port").report({
    rule: "service/port-unknown",
    message,
    severity: task !== undefined ? "error" : "warning",
    missing: label,
  });
}

function offer(labels: ReadonlySet<string>): string {
  return labels.size === 0
    ? `add one, such as Port.dynamic("http")`
    : `write ${[...labels].map((label) => `"${label}"`).join(" or ")}, or add it`;
}

/** What the services of one group owe each other. */
function checkTogether(own: readonly Owned[]): void {
  const seen = new Set<string>();
  const first = providerOf(own[0]?.service.value);
  let mixed = false;
  for (const { service, name, task } of own) {
    const id = JSON.stringify([task?.name ?? "group", name, service.value.port ?? ""]);
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

function labelsOf(networks: readonly Network[] | undefined, injected: readonly string[] = []): Set<string> {
  const labels = new Set(injected);
  for (const network of networks ?? []) for (const { label } of network.ports ?? []) labels.add(label);
  return labels;
}
