import { type Network, type Port, type Task } from "../blocks";
import { isPlainObject, nearestOf, type Place } from "../engine";
import { eachTextOf } from "./interpolation";
import { meshPorts } from "./mesh-tasks";
import { each, networksOf, serviceNameOf, servicesOf, type GroupRule, type Node } from "./walk";

/** What Nomad's client fills in of a port: a kind of value, and the port's label. `$${` is what it reads as a plain `${`. */
const REFERENCE = /(?<!\$)\$\{(NOMAD_(?:HOST_|ALLOC_)?(?:PORT|ADDR|IP)_)([\w.-]{1,80})\}/g;
/** The kinds whose variables have `_` for every other sign of the label by the time at which a driver's configuration is read. */
const CLEANED: ReadonlySet<string> = new Set(["NOMAD_PORT_", "NOMAD_ADDR_", "NOMAD_IP_", "NOMAD_HOST_PORT_"]);

/**
 * References to ports that the group does not have, or has by another name where they stand: a server takes any, and the node leaves them as they are in
 * the environment, and starts no task whose driver's configuration has one. What a template asks the environment for may well be missing.
 *
 * @see https://developer.hashicorp.com/nomad/docs/reference/runtime-environment-settings#network-related-variables
 */
export const portReferences: GroupRule = (group, job) => {
  const ofGroup = [
    ...labelsOf(networksOf(group)),
    ...servicesOf(group).flatMap(
      ({ value }) => meshPorts(value, serviceNameOf(value, job, group.value, undefined), group.value).labels,
    ),
  ];
  const ofTasks = group.tasks.flatMap((task) =>
    labelsOf(networksOfTask(task)).map((label) => `${task.value.name}_${label}`),
  );
  for (const task of group.tasks)
    inTask(task, [...ofGroup, ...ofTasks, ...labelsOf(networksOfTask(task)), ...mappedBy(task.value)]);
};

function networksOfTask({ value, at }: Node<Task>): readonly Node<Network>[] {
  return each<Network>(value.resources?.networks, at.property("resources"), "networks");
}

function labelsOf(networks: readonly Node<Network>[]): readonly string[] {
  return networks.flatMap(({ value, at }) =>
    each<Port>(value.ports, at, "ports").map((port) => port.value.label ?? ""),
  );
}

/** Ports that a driver maps by itself, the older way. */
function mappedBy({ driver }: Task): readonly string[] {
  const { portMap, port_map: inJson } = (driver?.config ?? {}) as {
    readonly portMap?: unknown;
    readonly port_map?: unknown;
  };
  return [portMap, inJson].flatMap((map) => (isPlainObject(map) ? Object.keys(map) : []));
}

function cleaned(label: string): string {
  return label.replaceAll(/[^a-zA-Z0-9_]/g, "_");
}

function inTask({ value, at }: Node<Task>, labels: readonly string[]): void {
  // Who sets a variable by itself means that one.
  const own = new Set(Object.keys(value.env ?? {}));
  const judge = (written: (kind: string, label: string) => string) => (text: string, place: Place) => {
    if (!text.includes("${NOMAD_")) return;
    for (const [, kind = "", label = ""] of text.matchAll(REFERENCE)) {
      const known = labels.map((each) => written(kind, each));
      if (!own.has(kind + label) && !known.includes(label)) unknownPort(kind, label, known, place);
    }
  };
  if (value.driver?.config) {
    const inConfig = judge((kind, label) => (CLEANED.has(kind) ? cleaned(label) : label));
    eachTextOf(value.driver.config, at.property("driver"), inConfig);
  }
  if (value.env)
    eachTextOf(
      value.env,
      at.property("env"),
      judge((_kind, label) => label),
    );
}

function unknownPort(kind: string, label: string, known: readonly string[], at: Place): void {
  const otherSpelling = known.find((each) => cleaned(each) === cleaned(label));
  const near = otherSpelling ?? nearestOf(label, known);
  const wayOut =
    near === undefined
      ? `give a network of the group this port: Port.dynamic("${label}")`
      : `write "\${${kind}${near}}"`;
  const why =
    otherSpelling === undefined ? `no network of the group has a port "${label}"` : "it has another name here";
  const message = `nothing is filled in for "\${${kind}${label}}": ${why}; ${wayOut}`;
  at.report({ rule: "network/port-reference", severity: "warning", message, missing: label });
}
