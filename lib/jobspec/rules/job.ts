import type { JobBlock } from "../blocks/host";
import { type CheckContext, type Place } from "../engine";
import { countOf } from "./effective";
import { isTimeZone, wrongCron } from "./grammar";
import { typeOf, type JobRule } from "./walk";

/** The most allocations that a server lets one job have, unless it is configured otherwise. */
const MAX_COUNT = 50_000;
const LONGEST_DESCRIPTION = 1000;

/** What a job says of itself. */
export const job: JobRule = (node, groups, context) => {
  const { value, at } = node;
  names(value, at, context);
  const type = typeOf(value);
  if (value.priority !== undefined && (value.priority < 0 || value.priority > 100)) {
    const wanted = "write 1 to 100";
    at.property("priority").error("job/priority", `${value.priority} is out of range; ${wanted}`);
  }
  value.datacenters?.forEach((datacenter, index) => {
    if (datacenter === "")
      at.property("datacenters").element(index).error("job/datacenter", 'is empty; write a name, or "*" for any');
  });
  if (!value.groups?.length) at.property("groups").error("job/no-groups", "a job needs a group; add one");
  descriptions(value, at);
  if (value.periodic) periodic(value, type, at.property("periodic"));
  if (value.parameterized) parameterized(value, type, at.property("parameterized"));

  let total = 0;
  for (const group of groups) {
    const count = countOf(group.value);
    total += count;
    if (type === "system" && count > 1) {
      const message = `a system job runs once on every node, and the group's count is ${count}; write 1, or leave it out`;
      group.at.property("count").error("group/system-count", message);
    }
  }
  if (total > MAX_COUNT) {
    const message = `${total} allocations in all are more than a server takes, ${MAX_COUNT}; write less`;
    at.property("groups").error("job/count", message);
  }
};

function names({ id, name, region, multiregion, namespace }: JobBlock, at: Place, context: CheckContext): void {
  if (id === "") at.property("id").error("job/id", "is empty; write a name");
  else if (typeof id === "string" && /[ \0]/.test(id))
    at.property("id").error("job/id", `"${id}" holds a space or a null character; write dashes instead`);
  if (name === "") at.property("name").error("job/name", "is empty; write one, or leave it out for the id");
  else if (name?.includes("\0")) at.property("name").error("job/name", "holds a null character; remove it");
  if (namespace === "")
    at.property("namespace").error("job/namespace", 'is empty; write one, or leave it out for "default"');
  if (region === "" && !multiregion && !context.enterprise)
    at.property("region").error("job/region", "is empty; write one, or leave it out for the cluster's own");
}

function descriptions({ ui, versionTag }: JobBlock, at: Place): void {
  const given = [
    { place: "ui", text: ui?.description },
    { place: "versionTag", text: versionTag?.description },
  ];
  for (const { place, text } of given) {
    const length = text === undefined ? 0 : new TextEncoder().encode(text).length;
    if (length > LONGEST_DESCRIPTION) {
      const message = `is ${length} bytes long; write ${LONGEST_DESCRIPTION} at most`;
      at.property(place).property("description").error("job/description", message);
    }
  }
}

function periodic(value: JobBlock, type: string, at: Place): void {
  const settings = value.periodic;
  if (!settings) return;
  const { cron = "", crons = [], timeZone = "", specType = "cron" } = settings;
  const isTwice = settings.enabled !== false && cron !== "" && crons.length > 0;
  if (cron !== "" && !isTwice)
    at.property("cron").warning("field/deprecated", `is deprecated in Nomad; write crons: ["${cron}"]`);
  if (settings.enabled === false) return;
  if (type !== "batch" && type !== "sysbatch")
    at.error("periodic/job-type", `only batch and sysbatch jobs are launched by the clock, and this is a ${type} job`);
  if (isTwice) at.property("crons").error("periodic/twice", "cron and crons are both written; remove one");
  if (cron === "" && crons.length === 0)
    at.property("crons").error("periodic/no-cron", 'says no time; write one, such as "0 3 * * *"');
  if (!isTimeZone(timeZone))
    at.property("timeZone").error(
      "periodic/time-zone",
      `there is no time zone "${timeZone}"; write one such as "Europe/Berlin"`,
    );
  if (specType === "cron") {
    if (cron !== "") expression(cron, at.property("cron"));
    for (const [index, text] of crons.entries()) expression(text, at.property("crons").element(index));
  } else if (specType !== "_internal_test") {
    at.property("specType").error("periodic/kind", `"${specType}" is not known; write "cron", or leave it out`);
  }
}

function expression(text: string, at: Place): void {
  const wrong = wrongCron(text);
  if (wrong !== undefined) at.error("periodic/cron", `"${text}" is no cron expression: ${wrong}`);
}

function parameterized(value: JobBlock, type: string, at: Place): void {
  const settings = value.parameterized;
  if (type !== "batch" && type !== "sysbatch") {
    const message = `only batch and sysbatch jobs are dispatched, and this is a ${type} job; write type: "batch"`;
    at.error("parameterized/job-type", message);
  }
  const required = new Set(settings?.metaRequired ?? []);
  for (const key of settings?.metaOptional ?? []) {
    if (required.has(key))
      at.property("metaOptional").error("parameterized/meta", `"${key}" is required already; remove it from one`);
  }
}
