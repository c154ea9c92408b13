import type { Place } from "./execution";

/** Drivers whose tasks see files and processes of their own, as a whole container. */
const CONTAINERS = new Set(["docker", "podman", "containerd-driver", "singularity", "apptainer"]);
/** Drivers whose tasks see a folder of their own as their root. */
const CHROOTS = new Set(["exec", "exec2", "java"]);

/** Options that give a task the node's own processes, memory or users where they are anything but these. */
const OWN_NAMESPACES: Readonly<Record<string, readonly string[]>> = {
  pid_mode: ["", "private"],
  ipc_mode: ["", "none", "private", "shareable"],
  userns_mode: [""],
  userns: ["", "auto", "keep-id", "nomap"],
  cgroupns: ["", "private"],
};
/** Capabilities with which a process leaves its container, or reads what is of others. */
const CAPABILITIES = new Set(
  "ALL SYS_ADMIN SYS_MODULE SYS_PTRACE SYS_RAWIO SYS_BOOT DAC_READ_SEARCH MAC_ADMIN MAC_OVERRIDE BPF PERFMON".split(
    " ",
  ),
);
/** Folders of a node that have the files of all tasks in them, its users' keys, or its processes; also what contains them. */
const FOLDERS_OF_ALL = [
  ..."/dev /etc /home /proc /root /run /sys /tmp /var/run /var/tmp".split(" "),
  ..."/var/lib/docker /var/lib/containerd /var/lib/containers /var/lib/nomad /opt/nomad".split(" "),
];
/** Devices that are the node's disks or its memory. */
const DISK_OR_MEMORY =
  /^\/dev(?:$|\/(?:sd|hd|vd|xvd|nvme|dm-|mapper|disk|md|loop|mem$|kmem$|port$|kcore$|block|root$))/;

/**
 * What keeps the commands in a task apart from others: `none` for raw_exec, for a driver that is not known here, and where an option takes away what its
 * driver gives, such as `privileged`, the node's process ids, a capability to mount, or the node's own folders.
 *
 * @param config what the job tells the driver. Default: nothing
 * @see https://developer.hashicorp.com/nomad/docs/job-declare/task-driver/docker
 */
export function isolationOf(
  driver: string,
  config: Readonly<Record<string, unknown>> | null = null,
): Place["isolation"] {
  if (!CONTAINERS.has(driver) && !CHROOTS.has(driver)) return "none";
  if (isOpen(config ?? {})) return "none";
  return CONTAINERS.has(driver) ? "container" : "chroot";
}

/** Whether an option of a driver lets a task reach what is outside of it. What is known when it is placed only, such as `${meta.mode}`, may be anything. */
function isOpen(config: Readonly<Record<string, unknown>>): boolean {
  const text = (value: unknown) => (typeof value === "string" ? value.trim().toLowerCase() : "");
  const isOn = (value: unknown) => value !== undefined && value !== null && !["false", "0", ""].includes(String(value));
  if (isOn(config.privileged)) return true;
  for (const [option, own] of Object.entries(OWN_NAMESPACES))
    if (config[option] !== undefined && !own.some((mode) => text(config[option]).split(":")[0] === mode)) return true;
  if (listOf(config.cap_add).some((name) => isMighty(String(name)))) return true;
  const sources = [
    ...listOf(config.volumes).map((volume) => String(volume).split(":", 1)[0] ?? ""),
    ...[...listOf(config.mount), ...listOf(config.mounts)].map((mount) => String(fieldOf(mount, "source") ?? "")),
  ];
  if (sources.some(isOfAll)) return true;
  return listOf(config.devices).some((device) => {
    const path = String(fieldOf(device, "host_path") ?? device);
    return path.includes("${") || DISK_OR_MEMORY.test(path);
  });
}

function isMighty(capability: string): boolean {
  return capability.includes("${") || CAPABILITIES.has(capability.toUpperCase().replace(/^CAP_/, ""));
}

/** Whether what is mounted from a node is of all of its tasks. A name without a slash at its beginning is a volume's, or below the task's own folder. */
function isOfAll(source: string): boolean {
  if (source.includes("${")) return true;
  if (!source.startsWith("/")) return source.split("/").includes("..");
  const path = new URL(source.replaceAll(/[?#]/g, "_"), "file:///").pathname.replaceAll(/\/+/g, "/");
  const folder = path.endsWith("/") ? path : `${path}/`;
  return path.endsWith(".sock") || FOLDERS_OF_ALL.some((of) => `${of}/`.startsWith(folder) || isIn(folder, of));
}

/** Of some folders all that is in them is of all tasks; of `/etc` or `/tmp`, a folder that somebody chose may be nobody's secret. */
function isIn(folder: string, of: string): boolean {
  return /^\/(?:proc|root|var\/lib|opt\/nomad)\b/.test(of) && folder.startsWith(`${of}/`);
}

/** What is in a list; a block that stands once may be no list. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
