import { VolumeMount, type Task, type TaskGroup, type VolumeRequest } from "../blocks";
import { type Place } from "../engine";
import { checkLimits, countOf, updateOf } from "./effective";
import { each, typeOf, type GroupRule } from "./walk";

/** Volumes that a group asks for: modes that go with their kind and with the group's count. */
export const volumes: GroupRule = ({ value: group, at }, job) => {
  if (!group.volumes) return;
  const canaries = updateOf(group, job)?.canary ?? 0;
  for (const { value, at: place } of each<VolumeRequest>(group.volumes, at, "volumes")) {
    if (!isJudged(value)) continue;
    if (!value.source) place.property("source").error("volume/source", "is empty; write the volume's name");
    if (value.perAlloc) perAlloc(value, typeOf(job), canaries, place.property("perAlloc"));
    if (value.type === "host") host(value, place);
    else csi(value, countOf(group), place);
  }
};

/** A server passes over volumes of another kind. */
function isJudged(volume: VolumeRequest): boolean {
  return volume.type === "host" || volume.type === "csi";
}

function perAlloc(value: VolumeRequest, type: string, canaries: number, at: Place): void {
  if (type === "system" || type === "sysbatch")
    at.error("volume/per-alloc", `a ${type} job numbers no allocations; remove it`);
  if (canaries > 0)
    at.error(
      "volume/per-alloc",
      "a canary would need the volume of the allocation that it replaces; remove one of the two",
    );
  if (value.sticky) at.error("volume/per-alloc", "does not go with sticky; remove one of the two");
}

const HOST_MODES = ["", "single-node-writer", "single-node-single-writer", "single-node-multi-writer"];

function host(value: VolumeRequest, at: Place): void {
  const mode = value.accessMode ?? "";
  if (value.mountOptions) at.property("mountOptions").error("volume/mount-options", "are for CSI volumes; remove them");
  if (at.judges("volume/host-modes")) {
    for (const name of ["accessMode", "attachmentMode"] as const)
      if (value[name]) at.property(name).error("volume/host-modes", "is for CSI volumes; remove it");
    return;
  }
  if (mode === "single-node-reader-only") readOnly(value, at);
  else if (!HOST_MODES.includes(mode)) {
    const message = `"${mode}" is not for host volumes; write one of ${HOST_MODES.slice(1).join(", ")}`;
    at.property("accessMode").error("volume/access-mode", message);
  }
}

function readOnly(value: VolumeRequest, at: Place): void {
  if (!value.readOnly)
    at.property("readOnly").error("volume/read-only", `"${value.accessMode}" only reads; write readOnly: true`);
}

/** How many allocations of a group may have a volume, by its mode: one at all, or one that writes. */
const ONE_AT_ALL = new Set(["single-node-reader-only", "single-node-writer"]);

function csi(value: VolumeRequest, count: number, at: Place): void {
  const mode = value.accessMode ?? "";
  if (!value.attachmentMode)
    at.property("attachmentMode").error(
      "volume/attachment-mode",
      'a CSI volume needs one; write "file-system" or "block-device"',
    );
  else if (value.attachmentMode === "block-device" && value.mountOptions)
    at.property("mountOptions").error("volume/mount-options", "a block device is not mounted; remove them");
  const place = at.property("accessMode");
  if (mode === "") place.error("volume/access-mode", 'a CSI volume needs one; write "single-node-writer", say');
  if (mode === "single-node-reader-only" || mode === "multi-node-reader-only") readOnly(value, at);
  if (count <= 1 || value.perAlloc) return;
  if (ONE_AT_ALL.has(mode) || (mode === "multi-node-single-writer" && !value.readOnly)) {
    const message = `"${mode}" is for one allocation, and the group has ${count}; write perAlloc: true, or another mode`;
    place.error("volume/access-mode", message);
  }
}

/** Mounts of volumes that the group has. */
export function mounts(task: Task, group: TaskGroup, taskAt: Place): void {
  const known = new Set(group.volumes?.filter(isJudged).map((volume) => volume.mapKey));
  for (const { value, at } of each<VolumeMount>(task.volumeMounts, taskAt, "volumeMounts")) {
    // A server passes over a mount that names no volume.
    const { volume, destination } = value as Partial<VolumeMount>;
    checkLimits(VolumeMount, value, (name) => at.property(name), { lenient: volume === undefined });
    if (destination === undefined) {
      const wanted = 'write where the task sees the volume, such as "/data"';
      const place = at.property("destination");
      if (volume === undefined) place.warning("field/senseless", `a mount needs it; ${wanted}`);
      else place.error("volume/destination", `a server crashes at a mount without it; ${wanted}`);
    }
    if (volume !== undefined && !known.has(volume)) {
      const message =
        volume === ""
          ? "is empty; write the name of a volume of the group"
          : `the group has no volume "${volume}"; add VolumeRequest.host("${volume}", …), or write one of its own`;
      at.property("volume").error("volume/unknown", message, { missing: volume });
    }
    if (volume !== undefined && value.selinuxLabel && value.selinuxLabel !== "z" && value.selinuxLabel !== "Z")
      at.property("selinuxLabel").error("volume/selinux", `"${value.selinuxLabel}" is not known; write "z" or "Z"`);
  }
}
