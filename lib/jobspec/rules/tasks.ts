import { EphemeralDisk, type Action, type Task } from "../blocks";
import type { Place } from "../engine";
import { usualFigure, USUAL_MEMORY, USUAL_SHARE } from "./effective";
import { leavesAllocation } from "./grammar";
import { taskName } from "./names";
import { artifacts, templates } from "./templates";
import { identities, secrets, vault } from "./identities";
import { mounts } from "./volumes";
import { each, type GroupNode, type GroupRule, type Node } from "./walk";

const DISK = usualFigure(EphemeralDisk, "size");

/** Tasks: resources, logs, files and identities that can be had. */
export const tasks: GroupRule = (group, _job, context) => {
  const disk = group.value.ephemeralDisk?.size?.mebibytes ?? DISK;
  for (const task of group.tasks) {
    one(task, group, disk);
    mesh(task, group);
    const { value, at } = task;
    if (!context.memoryOversubscription) oversubscribed(value, at);
    if (value.templates) templates(value, at);
    if (value.artifacts) artifacts(value, at);
    if (value.actions) actions(value, at);
    if (value.secrets) secrets(value, at);
    if (value.vault) vault(value, at);
    if (value.dispatchPayload) dispatched(value, at);
    if (value.csiPlugin) plugin(value, at);
  }
  for (const task of group.injected) {
    taskName(task);
    one(task, group, disk);
    proxyCores(task);
  }
};

/** A server leaves its MHz to a proxy for which somebody writes cores, and refuses what has both. */
function proxyCores({ value: { resources: wanted }, at }: Node<Task>): void {
  const { mhz, cores: count } = wanted?.cpu ?? {};
  if (!count || count < 0 || mhz) return;
  const message = "a server leaves a proxy its MHz, and no task has both MHz and cores; write Cpu.mhz(…)";
  at.property("resources").property("cpu").error("resources/cpu-and-cores", message);
}

function one({ value: task, at }: Node<Task>, group: GroupNode, disk: number): void {
  if (task.resources) resources(task, at.property("resources"));
  logs(task, at.property("logs"), disk);
  if (task.volumeMounts) mounts(task, group.value, at);
  if (task.identity || task.identities) identities(task, at);
}

function resources({ resources: wanted }: Task, at: Place): void {
  const { memory, memoryMax, secrets: secretsSize, devices, numa, cpu } = wanted ?? {};
  const reserved = memory?.mebibytes ?? USUAL_MEMORY;
  if (reserved < 10)
    at.property("memory").error("field/range", `${reserved} MiB is out of range; write 10 MiB or more`);
  const mhz = cpu?.mhz ?? (cpu?.cores === undefined ? USUAL_SHARE : 0);
  if (!cpu?.cores && mhz < 1)
    at.property("cpu").error("field/range", `${mhz} MHz is out of range; write Cpu.mhz(1) or more, or Cpu.cores(…)`);
  const limit = memoryMax?.mebibytes;
  if (limit !== undefined && limit !== 0 && limit !== -1 && limit < reserved) {
    const message = `${limit} MiB is less than what is reserved, ${reserved} MiB; write ${reserved} or more`;
    at.property("memoryMax").error("resources/memory-max", message);
  }
  if (secretsSize && secretsSize.mebibytes > reserved) {
    const message = `${secretsSize} is more than the task's memory, ${reserved} MiB; write less`;
    at.property("secrets").error("resources/secrets", message);
  }
  const names = new Set(devices?.map((device) => device.name));
  if (names.has(""))
    at.property("devices").error("resources/device", 'a device has no name; write one, such as "nvidia/gpu"');
  for (const device of numa?.devices ?? []) {
    if (!names.has(device))
      at.property("numa")
        .property("devices")
        .error("resources/numa", `the task asks for no device "${device}"; add it to devices`, { missing: device });
  }
}

/** Cores that a task cannot have, which an older Nomad never judges. */
export const cores: GroupRule = ({ tasks: own, injected }) => {
  for (const { value, at } of injected.length === 0 ? own : [...own, ...injected]) {
    const count = value.resources?.cpu?.cores;
    if (count === undefined || count >= 0) continue;
    const place = at.property("resources").property("cpu");
    const message = `${count} cores are out of range; write Cpu.cores(1) or more`;
    if (place.judges("resources/cores")) place.error("resources/cores", message);
    else place.warning("field/senseless", message);
  }
};

function oversubscribed({ resources: wanted }: Task, at: Place): void {
  if (!wanted?.memoryMax || wanted.memoryMax.mebibytes === 0) return;
  at.property("resources")
    .property("memoryMax")
    .warning(
      "resources/oversubscription",
      "is ignored by a cluster whose scheduler does not allow memory oversubscription; allow it there and set the target's memoryOversubscription to true, or leave memoryMax out",
    );
}

function logs(task: Task, at: Place, disk: number): void {
  if (!task.logs && disk > 100) return;
  const usage = (task.logs?.maxFiles ?? 10) * (task.logs?.maxFileSize?.mebibytes ?? 10);
  if (usage >= disk) {
    at.error(
      "logs/disk",
      `logs of ${usage} MiB do not fit on the group's disk of ${disk} MiB; keep fewer, or write ephemeralDisk: { size: Memory.mebibytes(${usage * 2}) }`,
    );
  }
}

/** A task that says of itself that it is the proxy of a service. */
function mesh({ value: task, at }: Node<Task>, group: GroupNode): void {
  const kind = task.kind ?? "";
  if (!kind.startsWith("connect-proxy:")) return;
  const name = kind.slice("connect-proxy:".length);
  if (name === "") return;
  if (task.services?.length)
    at.property("services").error("task/proxy", "a mesh proxy offers no services; remove them");
  if (task.leader) at.property("leader").error("task/proxy", "a mesh proxy does not lead; remove it");
  const known = group.value.services?.some((service) => service.connect?.sidecarService && service.name === name);
  if (!known)
    at.property("kind").error(
      "task/proxy",
      `no service of the group has a sidecar and the name "${name}"; remove the kind`,
      { missing: name },
    );
}

function actions(task: Task, at: Place): void {
  const seen = new Set<string>();
  for (const { value: action, at: actionAt } of each<Action>(task.actions, at, "actions")) {
    const { name } = action;
    const place = actionAt.property("name");
    if (typeof name === "string" && (/[\0\s]/.test(name) || name.length > 128 || name === ""))
      place.error("action/name", `"${name}" is no name; write 1 to 128 characters without spaces`);
    if (seen.has(name))
      place.error("action/duplicate", `"${name}" is the name of two actions; write another for one of them`);
    seen.add(name);
  }
}

function dispatched({ dispatchPayload }: Task, at: Place): void {
  const file = dispatchPayload?.file ?? "";
  if (file.split("/").includes("..") && leavesAllocation(file, 2)) {
    const message = `"${file}" leaves the task's directory; write a path inside it`;
    at.property("dispatchPayload").property("file").error("dispatch/file", message);
  }
}

function plugin({ csiPlugin }: Task, at: Place): void {
  const place = at.property("csiPlugin");
  if (csiPlugin?.id === "") place.property("id").error("csi/id", "is empty; write one");
  const base = csiPlugin?.stagePublishBaseDir || "/local/csi";
  const mount = csiPlugin?.mountDir || "/csi";
  if (base.startsWith(mount))
    place
      .property("stagePublishBaseDir")
      .error("csi/directories", `"${base}" is inside mountDir, "${mount}"; write another`);
}
