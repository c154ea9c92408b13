import type { Affinity, Constraint, Device, Spread, Task, TaskGroup } from "../blocks";
import { COMPARISONS, SET_OPERATORS, type JobBlock } from "../blocks/host";
import { type Place } from "../engine";
import { isVersionConstraint, wrongExpression } from "./grammar";
import { each, typeOf, type JobRule } from "./walk";

const NEEDS_VALUE = new Set<string>([...COMPARISONS, ...SET_OPERATORS]);
const DISTINCT = new Set(["distinct_hosts", "distinct_property"]);

/** Whose constraints and affinities they are. */
type Owner = "job" | "group" | "task" | "device";

/** Where allocations may and should run: constraints, affinities, spreads that mean something. */
export const placement: JobRule = ({ value: job, at }, groups) => {
  const type = typeOf(job);
  conditions(job, at, type, "job");
  for (const group of groups) {
    conditions(group.value, group.at, type, "group");
    for (const task of group.tasks) {
      conditions(task.value, task.at, type, "task");
      const devices = task.value.resources?.devices;
      for (const device of each<Device>(devices, task.at.property("resources"), "devices"))
        conditions(device.value, device.at, "", "device");
    }
  }
};

function conditions(value: JobBlock | TaskGroup | Task | Device, at: Place, type: string, owner: Owner): void {
  if (value.constraints)
    for (const entry of each<Constraint>(value.constraints, at, "constraints"))
      constraint(entry.value, entry.at, owner);
  if (value.affinities) {
    if (type === "system" && value.affinities.length > 0)
      at.property("affinities").error("affinity/job-type", "a system job runs on every node; remove them");
    else for (const entry of each<Affinity>(value.affinities, at, "affinities")) affinity(entry.value, entry.at);
  }
  if (!("spreads" in value) || !value.spreads) return;
  if (type === "system") {
    if (value.spreads.length > 0)
      at.property("spreads").error("spread/job-type", "a system job runs on every node; remove them");
  } else for (const entry of each<Spread>(value.spreads, at, "spreads")) spread(entry.value, entry.at);
}

function constraint(value: Constraint, at: Place, owner: Owner): void {
  const { operator } = value;
  if (operator && DISTINCT.has(operator) && (owner === "task" || owner === "device")) {
    at.property("operator").error("constraint/distinct", `"${operator}" is for jobs and groups; move it to the group`);
    if (owner === "device") return;
  }
  comparison("constraint", operator, value.value ?? "", at);
  if (operator !== "distinct_hosts") attribute(value.attribute ?? "", operator, at.property("attribute"));
}

/** An operator with the value that it takes. */
function comparison(kind: "constraint" | "affinity", operator: string | undefined, value: string, at: Place): void {
  // Without one, the block itself was reported.
  if (!operator) return;
  const place = at.property("value");
  if (value === "" && NEEDS_VALUE.has(operator)) place.error(`${kind}/value`, `"${operator}" needs a value; write one`);
  if (operator === "is_set" || operator === "is_not_set") {
    if (value !== "") place.error(`${kind}/value`, `"${operator}" takes no value; remove it`);
  } else if (operator === "regexp") {
    const wrong = wrongExpression(value);
    if (wrong !== undefined) place.error(`${kind}/expression`, `"${value}" is no regular expression of Go: ${wrong}`);
  } else if (operator === "version" || operator === "semver") {
    if (!isVersionConstraint(value, operator))
      place.error(`${kind}/version`, `"${value}" says no ${operator}; write one such as ">= 1.2, < 2"`);
  } else if (operator === "distinct_property" && value !== "") {
    if (!/^\d+$/.test(value) || Number(value) < 1)
      place.error(`${kind}/value`, `"${value}" is no number of allocations; write "1" or more, or leave it out`);
  }
}

const EXACT = new Set(["node.unique.id", "node.datacenter", "node.unique.name", "node.class", "node.pool"]);

/** The name of a property of nodes, without the signs that make it one. */
const BARE = /^(?:attr|device|meta)\.[\w.-]+$/;

/** What a constraint looks at: a text as it is, or one property of nodes. */
function attribute(target: string, operator: string | undefined, at: Place): void {
  if (target === "") {
    at.error(
      "constraint/attribute",
      `"${operator ?? "="}" needs an attribute; write one, such as "\${attr.kernel.name}"`,
    );
    return;
  }
  if (!target.startsWith("$")) {
    if (EXACT.has(target) || BARE.test(target))
      at.warning(
        "constraint/reference",
        `"${target}" is compared as this text, on every node alike; write "\${${target}}" for what the node has`,
      );
    return;
  }
  if (!target.startsWith("${") || !target.endsWith("}")) {
    unknownTarget(at, `"${target}" lacks a brace; write it as "\${attr.kernel.name}"`);
    return;
  }
  const name = target.slice(2, -1);
  if (EXACT.has(name) || /^(?:attr|device|meta)\./.test(name)) return;
  const known = [...EXACT].join(", ");
  unknownTarget(at, `no node has "${name}"; write one of ${known}, or one that starts with attr., device. or meta.`);
}

/** What no node has: an older Nomad takes it, and finds no node. */
function unknownTarget(at: Place, message: string): void {
  if (at.judges("constraint/target")) at.error("constraint/target", message);
  else at.warning("field/senseless", message);
}

function affinity(value: Affinity, at: Place): void {
  comparison("affinity", value.operator, value.value ?? "", at);
  if (!value.attribute)
    at.property("attribute").error(
      "affinity/attribute",
      'an affinity needs an attribute; write one, such as "${node.class}"',
    );
  if (value.weight === 0)
    at.property("weight").error("affinity/weight", "0 says nothing; write 1 to 100, or -1 to -100 to keep away");
}

function spread(value: Spread, at: Place): void {
  if (value.attribute === "")
    at.property("attribute").error("spread/attribute", 'is empty; write one, such as "${node.datacenter}"');
  const targets = value.targets ?? [];
  const sum = targets.reduce((total, target) => total + (target.percent ?? 0), 0);
  if (sum > 100) at.property("targets").error("spread/percent", `the shares add up to ${sum} %; write 100 or less`);
  const names = targets.map((target) => target.value ?? "");
  for (const name of new Set(names.filter((entry, index) => names.indexOf(entry) !== index))) {
    at.property("targets").error("spread/duplicate", `"${name}" has two shares; remove one`);
  }
}
