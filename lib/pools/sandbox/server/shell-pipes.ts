import { execFileSync } from "node:child_process";
import { chownSync, closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";

const NAMES = ["out", "err"] as const;

/** What a shell writes to: the ends that its process is given, and ours. */
export interface ShellPipes {
  readonly ofChild: readonly [stdout: number, stderr: number];
  /** Lets go of the child's ends, once it has them. */
  given(): void;
  readonly stdout: Socket;
  readonly stderr: Socket;
}

/**
 * Makes the named pipes of a slot. A command that opens /dev/stdout or /dev/stderr finds a pipe of its own user's there; Node's own pipes are sockets,
 * and the kernel lets nobody open those by their names.
 */
export function makePipes(folder: string, uid: number | undefined): void {
  const files = NAMES.map((name) => join(folder, name));
  execFileSync("mkfifo", ["-m", "600", ...files], { stdio: "ignore" });
  if (uid !== undefined) for (const file of files) chownSync(file, uid, uid);
}

/** Opens the pipes of a slot for a new shell. No other shell of the slot has them open. */
export function openPipes(folder: string): ShellPipes {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const [output, errors] = NAMES.map((name) => join(folder, name)) as [string, string];
  const open: number[] = [];
  const opened = (file: string, flags: number) => {
    const fd = openSync(file, flags);
    open.push(fd);
    return fd;
  };
  try {
    // The reading end first: the other waits for it.
    const ourOut = opened(output, O_RDONLY | O_NONBLOCK);
    const childOut = opened(output, O_WRONLY);
    const ourErr = opened(errors, O_RDONLY | O_NONBLOCK);
    const childErr = opened(errors, O_WRONLY);
    return {
      ofChild: [childOut, childErr],
      given: () => [childOut, childErr].forEach(closeSync),
      stdout: new Socket({ fd: ourOut, readable: true, writable: false }),
      stderr: new Socket({ fd: ourErr, readable: true, writable: false }),
    };
  } catch (error) {
    open.forEach(closeSync);
    throw error;
  }
}
