import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";

/** Processes of the machine that fit, zombies aside. Empty where there is no /proc. */
export function processesWhere(fits: (pid: number) => boolean): readonly number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 1 && pid !== process.pid && fits(pid));
  } catch {
    return [];
  }
}

/**
 * The users that processes run as, of some users that no owner but slots has; zombies aside. What slots run gains no other rights
 * (`no_new_privs`), so that its effective user, who owns its folder, is its only one: to read the status of every process takes five times as long.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid.5.html
 */
export function usersRunning(wanted: ReadonlySet<number>): ReadonlySet<number> {
  const found = new Set<number>();
  processesWhere((pid) => {
    const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    if (uid !== undefined && wanted.has(uid) && !found.has(uid) && isAlive(pid)) found.add(uid);
    return false;
  });
  return found;
}

function isAlive(pid: number): boolean {
  const status = read(`/proc/${pid}/status`);
  return status !== undefined && !/^State:\s*[ZX]/m.test(status);
}

/** Whether a process was started with a variable that begins so: its name, `=`, and the beginning of its value. */
export function hasVariable(pid: number, beginning: string): boolean {
  return `\0${read(`/proc/${pid}/environ`) ?? ""}`.includes(`\0${beginning}`);
}

/**
 * Ends every process of a user, which no owner but a slot has: all at once by the kernel, so that none forks away, then looks until none is there.
 *
 * @param setpriv the program that gives the server's rights up
 * @returns whether none is left
 */
export async function endUser(uid: number, setpriv: string): Promise<boolean> {
  const wanted = new Set([uid]);
  return endAll(
    () => usersRunning(wanted).size === 0,
    () => {
      const id = String(uid);
      const args = ["--reuid", id, "--regid", id, "--clear-groups", "--", "/bin/sh", "-c", "kill -9 -1"];
      return new Promise((resolve) => {
        spawn(setpriv, args, { stdio: "ignore", env: {}, cwd: "/" }).once("error", resolve).once("close", resolve);
      });
    },
  );
}

/** Ends every process that was started with a variable that begins so. One that clears its environment evades it. @returns whether none is left */
export async function endMarked(variable: string): Promise<boolean> {
  let found: readonly number[] = [];
  return endAll(
    () => (found = processesWhere((pid) => hasVariable(pid, variable))).length === 0,
    () => found.forEach(kill),
  );
}

/** How long is looked for processes that do not go. */
const PATIENCE = 3000;

/** Ends processes again and again, until none is left or three seconds are over. @returns whether none is left */
export async function endAll(isNoneLeft: () => boolean, end: () => unknown): Promise<boolean> {
  const until = performance.now() + PATIENCE;
  while (!isNoneLeft()) {
    if (performance.now() > until) return false;
    await end();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
}

/**
 * Ends a process that makes namespaces, with those that it has just started: in the first milliseconds they do not know yet that they shall end with
 * it, and bubblewrap's would wait for it for ever.
 */
export function endWithChildren(pid: number): void {
  try {
    process.kill(pid, "SIGSTOP");
  } catch {
    return;
  }
  const children = read(`/proc/${pid}/task/${pid}/children`) ?? "";
  for (const child of children.split(" ").filter((id) => id !== "")) kill(Number(child));
  kill(pid);
}

/** Ends a process, where it is there. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
