import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether this machine tells of processes and mounts as Linux does. */
function hasProc(): boolean {
  return existsSync("/proc/self/mounts");
}

/** A process of this machine, and what it was started with. */
export interface ListedProcess {
  readonly pid: number;
  /** Its program and its arguments; one text, where the system does not tell where each ends (macOS). */
  readonly command: readonly string[] | string;
}

/** Every process that still runs. One that has ended and waits to be asked about has no command, and is left out. */
export function listProcesses(): readonly ListedProcess[] {
  if (!hasProc()) return listedByPs();
  return pids().flatMap((pid) => {
    const command = read(pid, "cmdline").split("\0").slice(0, -1);
    return command.length > 0 ? [{ pid, command }] : [];
  });
}

function listedByPs(): readonly ListedProcess[] {
  return readPs(psListing());
}

/** All processes as `ps` tells them: id, parent, command. */
function psListing(): string {
  try {
    return execFileSync("ps", ["-axww", "-o", "pid=,ppid=,command="], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch {
    return "";
  }
}

interface PsProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function readPs(listing: string): readonly PsProcess[] {
  return [...listing.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)].map(([, pid, parent, command = ""]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command,
  }));
}

/**
 * Of a listing by `ps`, where there is no /proc (macOS): the executors of tasks, whose arguments name the folder, and all that they started. A
 * task that left its executor is not found.
 *
 * @param listing as of `ps -axww -o pid=,ppid=,command=`
 */
export function tasksIn(listing: string, folder: string): number[] {
  const processes = readPs(listing);
  const isExecutor = ({ command }: PsProcess) => / executor \{/.test(command) && command.includes(`"${folder}/`);
  const found = new Set(processes.filter(isExecutor).map(({ pid }) => pid));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of processes) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** The value of a variable in the environment that a process was started with, where this user may see it. */
export function variableOf(pid: number, name: string): string | undefined {
  return new RegExp(`(?:^|\0)${name}=([^\0]*)`).exec(read(pid, "environ"))?.[1];
}

/**
 * What tells a process from another that gets its id later: when it was started. Undefined where none of this id runs, or where it has
 * ended and only waits to be asked about.
 */
export function startOf(pid: number): string | undefined {
  if (hasProc()) {
    // The name in brackets may hold anything, brackets too.
    const fields = read(pid, "stat").split(") ").pop()?.split(" ") ?? [];
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  }
  try {
    const output = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The user id of a process; undefined where it has ended. */
export function userOf(pid: number): number | undefined {
  return ownerOfFile(`/proc/${pid}`);
}

/**
 * The users that a process runs as: its real one, who started it, and its effective one. They differ where a program gives whoever starts it the rights
 * of another user. Nothing where it has ended.
 */
export function usersOf(pid: number): readonly number[] {
  if (hasProc()) return numbersIn(/^Uid:\s+(\d+)\s+(\d+)/m.exec(read(pid, "status")));
  try {
    const output = execFileSync("ps", ["-o", "ruid=,uid=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return numbersIn(/(\d+)\s+(\d+)/.exec(output));
  } catch {
    return [];
  }
}

function numbersIn(found: RegExpExecArray | null): readonly number[] {
  return found?.slice(1).map(Number) ?? [];
}

/** The user id of whom a file belongs to; undefined where there is none. */
export function ownerOfFile(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.uid;
}

/** A user in words, for messages. */
export function userInWords(uid: number): string {
  return uid === 0 ? "root" : `the user ${uid}`;
}

/**
 * Ends processes: asks all of them first, and takes the lives of those that do not listen.
 *
 * @param patience how long they are given, in milliseconds
 * @param signal ends the waiting
 * @returns those that still run: they belong to another user, or the kernel holds them
 */
export async function endProcesses(
  processes: readonly number[],
  patience: number,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const started = new Map(processes.map((pid) => [pid, startOf(pid)]));
  const living = () => processes.filter((pid) => started.get(pid) !== undefined && startOf(pid) === started.get(pid));
  for (const [name, wait] of [
    ["SIGTERM", patience],
    ["SIGKILL", 5000],
  ] as const) {
    for (const pid of living()) {
      try {
        process.kill(pid, name);
      } catch {
        // It has just ended, or it is another user's.
      }
    }
    for (let waited = 0; waited < wait && living().length > 0; waited += 50) await sleep(50, undefined, { signal });
  }
  return living();
}

/**
 * Processes that belong to a cluster whose data is in this folder: its tasks, which Nomad tells where their directory is,
 * and Nomad's own helpers beside them.
 */
export function processesIn(folder: string): number[] {
  if (!hasProc()) return tasksIn(psListing(), folder);
  return pids().filter((pid) => pid !== process.pid && (isTaskIn(pid, folder) || isHelperIn(pid, folder)));
}

/** What Nomad calls the parts of its program that run beside tasks. */
const HELPERS: readonly string[] = ["executor", "logmon", "docker_logger"];

/** Whether this is a task, which may run in a chroot inside the folder or with the environment that Nomad gave it. */
function isTaskIn(pid: number, folder: string): boolean {
  return [variableOf(pid, "NOMAD_ALLOC_DIR"), link(pid, "exe"), link(pid, "root")].some((path) =>
    isInside(path, folder),
  );
}

/** Whether this is one of the processes that Nomad starts of its own program: they hold files of the allocation open. */
function isHelperIn(pid: number, folder: string): boolean {
  const args = read(pid, "cmdline").split("\0");
  // Nomad gives every plug-in this variable, and no task.
  if (!HELPERS.includes(args[1] ?? "") || variableOf(pid, "NOMAD_PLUGIN_MAGIC_COOKIE") === undefined) return false;
  return args.some((arg) => arg.includes(`${folder}/`)) || openFiles(pid).some((path) => isInside(path, folder));
}

function openFiles(pid: number): (string | undefined)[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => link(pid, `fd/${fd}`));
  } catch {
    return [];
  }
}

function pids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
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
  // The kernel knows no links in them.
  const place = existsSync(folder) ? realpathSync(folder) : folder;
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) =>
      (line.split(" ")[1] ?? "").replaceAll(/\\(\d{3})/g, (_match, octal: string) =>
        String.fromCharCode(parseInt(octal, 8)),
      ),
    );
  return mounts.filter((mount) => isInside(mount, place)).sort((a, b) => b.length - a.length);
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

/** The file of configuration that the last argument of a process names, as agents of clusters are started with one; undefined where it names none. */
export function configurationOf(command: ListedProcess["command"]): string | undefined {
  const last = typeof command === "string" ? / (-config(?:-file)?=.*)$/s.exec(command)?.[1] : command.at(-1);
  return /^-config(?:-file)?=(.*)$/s.exec(last ?? "")?.[1];
}
