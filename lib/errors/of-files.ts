import type { Problem } from "./problem";

/** What a file system says of a folder or a file, and what it means; anything else that it says is a fault of ours. */
const OF_FILES: ReadonlyMap<string, string> = new Map([
  ["EROFS", "cannot be written: the file system is read-only"],
  ["ENOSPC", "cannot be written: the disk is full"],
  ["EDQUOT", "cannot be written: the disk quota is used up"],
  ["EACCES", "may not be opened or written; look at its owner and its mode"],
  ["EPERM", "may not be changed; look at its owner and its mode"],
  ["ELOOP", "is a link, and links are not followed here; remove it"],
  ["EEXIST", "is there already and is no folder; remove it"],
  ["ENOTDIR", "is no folder; remove it"],
  ["EISDIR", "is a folder, and no file"],
  ["ENAMETOOLONG", "has a name that is too long"],
  ["EMFILE", "cannot be opened: too many files are open; raise the limit (ulimit -n)"],
  ["EIO", "cannot be read or written: the disk does not answer"],
]);

/** What a file system refuses, in words; undefined for any other error. */
export function fileProblem(error: unknown): Problem | undefined {
  if (typeof error !== "object" || error === null || !("syscall" in error)) return undefined;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  // Node says this of a folder on a file system that is read-only.
  const missing =
    code === "ENOENT" && syscall === "mkdir" ? "cannot be made; the file system may be read-only" : undefined;
  const message = missing ?? OF_FILES.get(code ?? "");
  if (message === undefined) return undefined;
  return {
    rule: "files",
    path: path === undefined ? [] : [path],
    message: path === undefined ? `a file ${message}` : message,
    severity: "error",
  };
}

/** What says nothing of a program, and all of the machine that it runs on. */
const OF_THE_MACHINE = new Set(["EROFS", "ENOSPC", "EDQUOT", "EMFILE", "EIO"]);

/**
 * What keeps a program from writing its files, out of the message of Node's error: `ENOSPC: no space left on device, write`; undefined where it is the program's own concern.
 *
 * @see https://nodejs.org/api/errors.html#class-systemerror
 */
export function machineProblem(message: string): string | undefined {
  const [, code = ""] = /^(E[A-Z]+): [^\n]*, [a-z]+(?: '[^\n]*)?$/.exec(message) ?? [];
  return OF_THE_MACHINE.has(code) ? OF_FILES.get(code) : undefined;
}
