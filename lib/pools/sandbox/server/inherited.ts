import { closeSync, readdirSync, readFileSync } from "node:fs";

/** What the kernel says of a descriptor that no program started from here is given. */
const CLOSED_ON_EXEC = 0o2000000;

/**
 * Closes what whoever started this process had open and left to it, such as a file or a socket of Nomad's or of a shell's: every program that is started here
 * would have it too, the commands of slots among them. What this process opened itself is closed on exec, all of it by Node, and is not touched.
 *
 * @returns the descriptors that were closed
 * @see https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
 */
export function closeInherited(): readonly number[] {
  return readdirSync("/proc/self/fd")
    .map(Number)
    .filter((fd) => fd > 2 && isLeftToOthers(fd) && isClosed(fd));
}

function isLeftToOthers(fd: number): boolean {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1")) ?? [];
    return flags !== undefined && (parseInt(flags, 8) & CLOSED_ON_EXEC) === 0;
  } catch {
    // The folder that was just read had a descriptor too.
    return false;
  }
}

function isClosed(fd: number): boolean {
  try {
    closeSync(fd);
    return true;
  } catch {
    return false;
  }
}
