import type { Task, Template, VolumeMount } from "../blocks";
import { isDeferred, type Place } from "../engine";
import { each, type GroupRule } from "./walk";

/** Tasks: resources, logs, templates and volumes that can be had. */
export const tasks: GroupRule = ({ value: group, tasks: list }) => {
  const volumes = new Set((group.volumes ?? []).map((volume) => volume.name));
  const disk = group.ephemeralDisk?.size?.mebibytes ?? 300;
  for (const task of list) {
    resources(task.value, task.at.property("resources"));
    logs(task.value, task.at.property("logs"), disk);
    templates(task.value, task.at);
    for (const mount of each<VolumeMount>(task.value.volumeMounts, task.at, "volumeMounts")) {
      const { volume } = mount.value;
      if (volume !== undefined && !isDeferred(volume) && !volumes.has(volume)) {
        mount.at
          .property("volume")
          .error(
            "volume/unknown",
            `the group has no volume "${volume}"; add VolumeRequest.host("${volume}", …), or write one of its own`,
          );
      }
    }
    vault(task.value, task.at);
  }
};

function resources(task: Task, at: Place): void {
  const { memory, memoryMax, secrets } = task.resources ?? {};
  const reserved = memory?.mebibytes ?? 300;
  const limit = memoryMax?.mebibytes;
  if (
    limit !== undefined &&
    limit !== 0 &&
    limit !== -1 &&
    !isDeferred(limit) &&
    !isDeferred(reserved) &&
    limit < reserved
  ) {
    at.property("memoryMax").error(
      "resources/memory-max",
      `${limit} MiB is less than what is reserved, ${reserved} MiB; write ${reserved} or more`,
    );
  }
  if (secrets && secrets.mebibytes > reserved) {
    at.property("secrets").error(
      "resources/secrets",
      `${secrets} is more than the task's memory, ${reserved} MiB; write less`,
    );
  }
}

function logs(task: Task, at: Place, disk: number): void {
  if (!task.logs && disk > 100) return;
  const usage = (task.logs?.maxFiles ?? 10) * (task.logs?.maxFileSize?.mebibytes ?? 10);
  if (usage >= disk && !isDeferred(usage) && !isDeferred(disk)) {
    at.error(
      "logs/disk",
      `logs of ${usage} MiB do not fit on the group's disk of ${disk} MiB; keep fewer, or write ephemeralDisk: { size: Memory.mebibytes(${usage * 2}) }`,
    );
  }
}

function templates(task: Task, taskAt: Place): void {
  const seen = new Set<string>();
  for (const { value, at } of each<Template>(task.templates, taskAt, "templates")) {
    const { destination } = value;
    if (seen.has(destination))
      at.property("destination").error(
        "template/destination",
        `"${destination}" is written by two templates; write another`,
      );
    seen.add(destination);
    if (!destination)
      at.property("destination").error("template/destination", 'is empty; write a path, such as "local/app.env"');
    else if (escapes(destination))
      at.property("destination").error(
        "template/destination",
        `"${destination}" leaves the task's directory; write a path inside it`,
      );
    if (!value.data && !value.source)
      at.property("data").error("template/content", "has neither data nor source; write one");
    if (value.changeMode === "signal") {
      if (!value.changeSignal)
        at.property("changeSignal").error("template/signal", 'changeMode "signal" needs one; write "SIGHUP", say');
      if (value.env)
        at.property("changeMode").error(
          "template/signal",
          'the environment of a running task cannot change; write "restart" or "noop"',
        );
    }
    if (value.changeMode === "script" && !value.changeScript) {
      at.property("changeScript").error(
        "template/script",
        'changeMode "script" needs one; write new ChangeScript({ command: "…" })',
      );
    }
    if (value.perms && !/^[0-7]{1,4}$/.test(value.perms))
      at.property("perms").error("template/perms", `"${value.perms}" is no octal mode; write "644", say`);
  }
}

/** Whether a path, relative to the task's directory, ends outside it and outside the allocation. */
function escapes(path: string): boolean {
  if (isDeferred(path) || path.includes("${")) return false;
  let depth = 1;
  for (const step of path.split("/")) {
    if (step === "..") depth -= 1;
    else if (step !== "" && step !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function vault(task: Task, at: Place): void {
  const settings = task.vault;
  if (settings?.changeMode === "signal" && !settings.changeSignal) {
    at.property("vault")
      .property("changeSignal")
      .error("vault/signal", 'changeMode "signal" needs one; write "SIGHUP", say');
  }
}
