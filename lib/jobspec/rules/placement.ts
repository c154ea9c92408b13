import type { Affinity, Constraint, Spread, Task, TaskGroup } from "../blocks";
import { COMPARISONS, SET_OPERATORS } from "../blocks/operators";
import type { JobBlock } from "../blocks/job";
import type { Place } from "../engine";
import { each, typeOf, type JobRule } from "./walk";

const NEEDS_NO_ATTRIBUTE = new Set(["distinct_hosts"]);
const NEEDS_VALUE = new Set<string>([...COMPARISONS, ...SET_OPERATORS]);
const TAKES_NO_VALUE = new Set(["is_set", "is_not_set"]);

/** Where allocations may and should run: constraints, affinities, spreads that mean something. */
export const placement: JobRule = ({ value: job, at }, groups) => {
  const type = typeOf(job);
  owner(job, at, type);
  for (const group of groups) {
    owner(group.value, group.at, type);
    for (const task of group.tasks) owner(task.value, task.at, type);
  }
};

function owner(value: JobBlock | TaskGroup | Task, at: Place, type: string): void {
  for (const entry of each<Constraint>(value.constraints, at, "constraints")) constraint(entry.value, entry.at);
  if (type === "system" && value.affinities)
    at.property("affinities").error("affinity/job-type", "a system job runs on every node; remove them");
  else for (const entry of each<Affinity>(value.affinities, at, "affinities")) affinity(entry.value, entry.at);
  if (!("spreads" in value)) return;
  if (type === "system" && value.spreads)
    at.property("spreads").error("spread/job-type", "a system job runs on every node; remove them");
  else for (const entry of each<Spread>(value.spreads, at, "spreads")) spread(entry.value, entry.at);
}

function constraint(value: Constraint, at: Place): void {
  const operator = value.operator ?? "=";
  comparison(operator, value.attribute, value.value, at);
}

function comparison(operator: string, attribute: string | undefined, value: string | undefined, at: Place): void {
  if (!attribute && !NEEDS_NO_ATTRIBUTE.has(operator))
    at.property("attribute").error(
      "constraint/attribute",
      `"${operator}" needs an attribute; write one, such as "\${attr.kernel.name}"`,
    );
  if (!value && NEEDS_VALUE.has(operator))
    at.property("value").error("constraint/value", `"${operator}" needs a value; write one`);
  if (value && TAKES_NO_VALUE.has(operator))
    at.property("value").error("constraint/value", `"${operator}" takes no value; remove it`);
}

function affinity(value: Affinity, at: Place): void {
  comparison(value.operator ?? "=", value.attribute, value.value, at);
  if (value.weight === 0)
    at.property("weight").error("affinity/weight", "0 says nothing; write 1 to 100, or -1 to -100 to keep away");
}

function spread(value: Spread, at: Place): void {
  if (value.attribute === "")
    at.property("attribute").error("spread/attribute", 'is empty; write one, such as "${node.datacenter}"');
  const targets = value.targets ?? [];
  const sum = targets.reduce((total, target) => total + (target.percent ?? 0), 0);
  if (sum > 100) at.property("targets").error("spread/percent", `the shares add up to ${sum} %; write 100 or less`);
  const names = targets.map((target) => target.value);
  for (const name of new Set(names.filter((entry, index) => names.indexOf(entry) !== index))) {
    at.property("targets").error("spread/duplicate", `"${name}" has two shares; remove one`);
  }
}
