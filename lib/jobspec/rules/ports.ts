import { Port, type Network, type Task } from "../blocks";
import { nearestOf } from "../engine";
import { checkLimits } from "./effective";
import { isHostName } from "./grammar";
import { each, networksOf, type GroupRule, type Node } from "./walk";

const HIGHEST = 65535;

interface Taken {
  readonly labels: Set<string>;
  readonly numbers: Map<string, string>;
}

/** Networks: each label and each static port once, names and arguments that can be meant. */
export const ports: GroupRule = (group) => {
  const taken: Taken = { labels: new Set(), numbers: new Map() };
  const cniArguments = new Set<string>();
  for (const network of networksOf(group)) {
    for (const port of each<Port>(network.value.ports, network.at, "ports")) {
      label(port, taken, true);
      number(port, taken, Boolean(port.value.ignoreCollision));
      checkLimits(Port, port.value, (name) => port.at.property(name));
      collision(port, network.value);
    }
    settings(network, cniArguments);
  }
  const labelsOfTasks = new Set<string>();
  for (const task of group.tasks) {
    if (!task.value.resources?.networks) continue;
    for (const network of each<Network>(task.value.resources.networks, task.at.property("resources"), "networks")) {
      for (const port of each<Port>(network.value.ports, network.at, "ports")) {
        label(port, taken, false);
        number(port, taken, false);
        // A server judges no more of the networks of tasks, which are deprecated.
        checkLimits(Port, port.value, (name) => port.at.property(name), { lenient: true });
        labelsOfTasks.add(port.value.label ?? "");
      }
    }
  }
  for (const task of group.tasks) portsOfContainer(task, taken.labels, labelsOfTasks);
};

/** Drivers that are given ports by their labels. */
const OF_CONTAINERS = new Set(["docker", "podman"]);

/** Ports that a container is given: a server takes any label, and the node starts no task with one that is not there. */
function portsOfContainer({ value: { driver }, at }: Node<Task>, ofGroup: Set<string>, ofTasks: Set<string>): void {
  if (!driver || !OF_CONTAINERS.has(driver.name)) return;
  const { ports: given } = (driver.config ?? {}) as { readonly ports?: unknown };
  if (!Array.isArray(given)) return;
  (given as unknown[]).forEach((wanted, index) => {
    if (typeof wanted !== "string" || wanted.includes("${") || ofGroup.has(wanted) || ofTasks.has(wanted)) return;
    const near = nearestOf(wanted, [...ofGroup]);
    const wayOut =
      near === undefined ? `give a network of the group this port: Port.dynamic("${wanted}")` : `write "${near}"`;
    const message = `no network of the group has a port "${wanted}", and the node starts no such task; ${wayOut}`;
    const place = at.property("driver").property("ports").element(index);
    place.report({ rule: "driver/port", severity: "warning", message, missing: wanted });
  });
}

function label({ value, at }: Node<Port>, { labels }: Taken, keep: boolean): void {
  const name = value.label ?? "";
  if (labels.has(name)) {
    const message = `"${name}" is the label of another port of the group already; write another`;
    at.property("label").error("port/duplicate-label", message);
  } else if (keep) labels.add(name);
}

function number({ value, at }: Node<Port>, { numbers }: Taken, mayCollide: boolean): void {
  const wanted = value.static;
  if (wanted === undefined || wanted === 0) return;
  const key = `${value.hostNetwork || "default"}:${wanted}`;
  const owner = numbers.get(key);
  const place = at.property("static");
  if (owner === undefined) {
    if (wanted > HIGHEST) place.error("field/range", `${wanted} is out of range; write 1 to ${HIGHEST}`);
    else numbers.set(key, value.label);
  } else if (!mayCollide) {
    place.error("port/duplicate-static", `${wanted} is taken by "${owner}" already; write another port`);
  }
}

function collision({ value, at }: Node<Port>, { mode }: Network): void {
  if (value.ignoreCollision && mode && mode !== "host") {
    const message = `only a host network can; this one's mode is "${mode}"`;
    at.property("ignoreCollision").error("port/ignore-collision", message);
  }
}

function settings({ value: { cni, hostname }, at }: Node<Network>, seen: Set<string>): void {
  for (const [key, value] of Object.entries(cni?.args ?? {})) {
    const place = at.property("cni").property("args").property(key);
    if (seen.has(key)) place.error("network/cni", "is given for another network already; remove one");
    seen.add(key);
    if (key.includes(";") || value.includes(";"))
      place.error("network/cni", 'holds a ";", which separates the arguments; remove it');
  }
  if (hostname && !hostname.includes("${") && !isHostName(hostname)) {
    const message = `"${hostname}" is no host name; write labels of 63 characters at most, with dots between them`;
    at.property("hostname").error("network/hostname", message);
  }
}
