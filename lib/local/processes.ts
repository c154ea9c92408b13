import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether the process with this id is the one that was started, and not another that got its id later. */
export function isOurs(pid: number, config: string): boolean {
  return commandLine(pid)?.includes(config) ?? false;
}

/** Whether this machine tells of processes and mounts as Linux does. */
function hasProc(): boolean {
  return existsSync("/proc/self/mounts");
}

/** The command line of a process, or undefined where there is none. */
function commandLine(pid: number): string | undefined {
  try {
    // A zombie has an empty one: it runs no more.
    if (hasProc()) return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return undefined;
  }
}

/**
 * Ends a process: asks it first, and takes its life where it does not listen.
 *
 * @param alive whether it still runs
 * @param signal ends the waiting
 */
export async function endProcess(
  pid: number,
  alive: () => boolean,
  patience: number,
  signal?: AbortSignal,
): Promise<void> {
  for (const [name, wait] of [
    ["SIGTERM", patience],
    ["SIGKILL", 5000],
  ] as const) {
    if (!alive()) return;
    try {
      process.kill(pid, name);
    } catch {
      return;
    }
    for (let waited = 0; waited < wait && alive(); waited += 50) await sleep(50, undefined, { signal });
  }
}

/**
 * Processes that belong to a cluster whose data is in this folder: its tasks, which Nomad tells where their directory is,
 * and Nomad's own helpers beside them.
 */
export function processesIn(folder: string): number[] {
  if (!hasProc()) return [];
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => pid !== process.pid && (isTaskIn(pid, folder) || isHelperIn(pid, folder)));
}

/** Whether this is a task, which may run in a chroot inside the folder or with the environment that Nomad gave it. */
function isTaskIn(pid: number, folder: string): boolean {
  const directory = /(?:^|\0)NOMAD_ALLOC_DIR=([^\0]*)/.exec(read(pid, "environ"))?.[1];
  return [directory, link(pid, "exe"), link(pid, "root")].some((path) => isInside(path, folder));
}

/** Whether this is one of the processes that Nomad starts of its own program: they hold files of the allocation open. */
function isHelperIn(pid: number, folder: string): boolean {
  const args = read(pid, "cmdline").split("\0");
  if (!["agent", "executor", "logmon", "docker_logger"].includes(args[1] ?? "")) return false;
  return args.some((arg) => arg.includes(`${folder}/`)) || openFiles(pid).some((path) => isInside(path, folder));
}

function openFiles(pid: number): (string | undefined)[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => link(pid, `fd/${fd}`));
  } catch {
    return [];
  }
}

function link(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** Mounts inside a folder, the deepest first. */
export function mountsIn(folder: string): string[] {
  if (!hasProc()) return [];
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) =>
      (line.split(" ")[1] ?? "").replaceAll(/\\(\d{3})/g, (_match, octal: string) =>
        String.fromCharCode(parseInt(octal, 8)),
      ),
    );
  return mounts.filter((mount) => isInside(mount, folder)).sort((a, b) => b.length - a.length);
}

/** Takes a mount away, also where something still holds it. */
export function unmount(mount: string): void {
  try {
    execFileSync("umount", [mount], { stdio: "ignore" });
  } catch {
    execFileSync("umount", ["-l", mount], { stdio: "ignore" });
  }
}

function isInside(path: string | undefined, folder: string): boolean {
  return path !== undefined && (path === folder || path.startsWith(`${folder}/`));
}
