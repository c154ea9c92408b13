import type { JobBlock } from "../blocks/host";
import { type Network, type Port, type Task } from "../blocks";
import { isPlainObject, nearestOf, type Place } from "../engine";
import { eachTextOf } from "./interpolation";
import { meshPorts } from "./mesh-tasks";
import { each, networksOf, serviceNameOf, servicesOf, type GroupNode, type GroupRule, type Node } from "./walk";

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
  // Most jobs have no such reference, so what there is for one is looked for when the first is found.
  let found: readonly string[] | undefined;
  const shared = () => (found ??= [...portsOfGroup(group, job), ...portsOfTasks(group)]);
  for (const task of group.tasks)
    inTask(task, () => [...shared(), ...labelsOf(networksOfTask(task)), ...mappedBy(task.value)]);
};

function portsOfGroup(group: GroupNode, job: JobBlock): readonly string[] {
  const ofServices = servicesOf(group).flatMap(
    ({ value }) => meshPorts(value, serviceNameOf(value, job, group.value, undefined), group.value).labels,
  );
  return [...labelsOf(networksOf(group)), ...ofServices];
}

/** The ports of the tasks' own networks, as other tasks call them. */
function portsOfTasks({ tasks }: GroupNode): readonly string[] {
  return tasks.flatMap((task) => labelsOf(networksOfTask(task)).map((label) => `${task.value.name}_${label}`));
}

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

function inTask({ value, at }: Node<Task>, labels: () => readonly string[]): void {
  const judge = (written: (kind: string, label: string) => string) => (text: string, place: Place) => {
    if (!text.includes("${NOMAD_")) return;
    for (const [, kind = "", label = ""] of text.matchAll(REFERENCE)) {
      // Who sets a variable by itself means that one.
      if (Object.hasOwn(value.env ?? {}, kind + label)) continue;
      const known = labels().map((each) => written(kind, each));
      if (!known.includes(label)) unknownPort(kind, label, known, place);
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
