/** Files and folders that only their owner may read: whatever is written here may hold values of variables, addresses and tokens. */
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  closeSync,
} from "node:fs";
import { join } from "node:path";

const FOLDER = 0o700;
const FILE = 0o600;

/** Makes a folder, with those above it, that nobody else may enter; one that is there already is closed to others. */
export function privateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: FOLDER });
  narrow(path, FOLDER);
}

/** Makes a private folder of which git ignores everything, whatever the project around it says: what stands in there is never committed. */
export function ignoredFolder(path: string): void {
  privateFolder(path);
  const file = join(path, ".gitignore");
  const found = lstatSync(file, { throwIfNoEntry: false });
  // One that is there already, perhaps over a link somebody else's, stays as it is; an empty one ignores nothing, and is what a full disk has left.
  if (found === undefined || (found.isFile() && found.size === 0)) writeWholeFile(file, "*\n", FILE);
}

/** Writes a file that nobody else may read, also where one is there already that others may. */
export function writePrivateFile(path: string, text: string): void {
  const file = openPrivateFile(path, "w");
  try {
    naming(path, () => writeFileSync(file, text));
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a file whole or not at all: whoever reads it meanwhile reads the old one. One that is there already keeps its mode.
 *
 * @param mode of a new file. Default: what the process's mask leaves
 */
export function writeWholeFile(path: string, text: string, mode?: number): void {
  const partial = `${path}.${randomUUID()}.partial`;
  const kept = mode ?? statSync(path, { throwIfNoEntry: false })?.mode;
  try {
    naming(path, () => writeFileSync(partial, text, { flag: "wx", mode }));
    if (kept !== undefined) chmodSync(partial, kept & 0o777);
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Does something with a file whose name stands in the system's error then: that of a full disk has none. */
function naming(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw Object.assign(error as NodeJS.ErrnoException, { path });
  }
}

/** As {@link writeWholeFile}, a file that nobody else may read. */
export function writeWholePrivateFile(path: string, text: string): void {
  writeWholeFile(path, text, FILE);
}

/**
 * Opens a file to write or to append; it is closed to others before anything is written.
 *
 * @throws an error of the system where it is a link, which may lead to another's file (ELOOP)
 */
export function openPrivateFile(path: string, flags: "w" | "a"): number {
  // Windows has no such flag.
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW = 0 } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | (flags === "w" ? O_TRUNC : O_APPEND), FILE);
  try {
    fchmodSync(file, FILE);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Closes to others what somebody else wrote below a folder; what links elsewhere is left alone. */
export function makePrivate(folder: string): void {
  narrow(folder, FOLDER);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makePrivate(path);
    else if (entry.isFile()) narrow(path, FILE);
  }
}

/** Takes rights away from others, and gives none; of what a link leads to nothing is changed. */
function narrow(path: string, mode: number): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  const now = found.mode & 0o777;
  const wanted = now & mode;
  if (now !== wanted) chmodSync(path, wanted);
}
