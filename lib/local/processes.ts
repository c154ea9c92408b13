import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether the process with this id is the one that was started, and not another that got its id later. */
export function isOurs(pid: number, config: string): boolean {
  return commandLine(pid)?.includes(config) ?? false;
}

/** The command line of a process, or undefined where there is none. */
function commandLine(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      // A zombie has an empty one: it runs no more.
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    }
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}

/**
 * Ends a process: asks it first, and takes its life where it does not listen.
 *
 * @param alive whether it still runs
 */
export async function endProcess(pid: number, alive: () => boolean, patience: number): Promise<void> {
  for (const [signal, wait] of [["SIGTERM", patience], ["SIGKILL", 5000]] as const) {
    if (!alive()) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < wait && alive(); waited += 50) await sleep(50);
  }
}

/** Processes that have something to do with a folder: their program, directory or command line lies in it. */
export function processesIn(folder: string): number[] {
  if (process.platform !== "linux") return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => pid !== process.pid && [link(pid, "exe"), link(pid, "cwd"), link(pid, "root"), taskDirectory(pid)].some((path) => isInside(path, folder)));
}

function link(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}

/** Nomad tells every task where its directory is. */
function taskDirectory(pid: number): string | undefined {
  try {
    return /(?:^|\0)NOMAD_ALLOC_DIR=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** Mounts inside a folder, the deepest first. */
export function mountsIn(folder: string): string[] {
  if (process.platform !== "linux") return [];
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => (line.split(" ")[1] ?? "").replaceAll(/\\(\d{3})/g, (_match, octal: string) => String.fromCharCode(parseInt(octal, 8))));
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
