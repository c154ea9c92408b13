import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** How a file is read that somebody names. */
export interface NamedFileOptions {
  /** Bytes that it may have. */
  readonly most: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** How long a pipe is waited for that nobody has opened to write, in milliseconds. Default: five seconds. */
  readonly patience?: number;
}

/** A file that is there and cannot be used: what it is, as the rest of a sentence. */
export class UnusableFile extends Error {
  constructor(readonly what: string) {
    super(what);
  }
}

/** Bytes that are read first of what does not say its size. */
const FIRST = 64 * 1024;
const PATIENCE = 5_000;
/** How often a pipe is looked at that has nothing to read, in milliseconds. */
const LOOK = 20;

/**
 * Reads a file that somebody names, whole: a file, a pipe such as `<(command)`, or a device. Nothing of it is awaited inside of the system, where no
 * Ctrl-C would reach; and it is counted as it comes, since a pipe, a device and a file that grows say nothing of their size.
 *
 * @throws UnusableFile where it is larger than it may be, or a pipe that nobody writes to; the system's error where it cannot be read; the signal's reason, where
 * that is aborted
 */
export async function readNamedFile(
  path: string,
  { most, signal, patience = PATIENCE }: NamedFileOptions,
): Promise<Buffer> {
  // Windows has no such flag, and no such pipes.
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  signal?.throwIfAborted();
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (stat.isFile() && stat.size > most) throw tooLarge(most);
    let bytes = Buffer.alloc(Math.min(Math.max(stat.size, FIRST), most) + 1);
    let size = 0;
    for (const begun = performance.now(); ;) {
      signal?.throwIfAborted();
      const read = await readInto(file, bytes, size);
      // Of a pipe that is open to write, something may come after any time; of one that nobody has opened yet, only its end is read.
      const isWaiting = read === undefined || (read === 0 && size === 0 && stat.isFIFO());
      if (read === 0 && isWaiting && performance.now() - begun >= patience)
        throw new UnusableFile("is a pipe that nobody writes to");
      if (isWaiting) await sleep(LOOK, undefined, { signal });
      else if (read === 0) return bytes.subarray(0, size);
      size += read ?? 0;
      if (size > most) throw tooLarge(most);
      if (size === bytes.length) bytes = Buffer.concat([bytes], Math.min(size * 2, most + 1));
    }
  } finally {
    await file.close();
  }
}

/**
 * The same for what is needed before anything can be awaited, such as a token or a project's settings. While it waits for a pipe no Ctrl-C is heard: it waits no longer
 * than its patience, whether somebody writes to the pipe or not.
 *
 * @throws UnusableFile where it is larger than it may be, or a pipe whose end does not come in time; the system's error where it cannot be read
 */
export function readNamedFileNow(
  path: string,
  { most, patience = PATIENCE }: Omit<NamedFileOptions, "signal">,
): Buffer {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const file = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (stat.isFile() && stat.size > most) throw tooLarge(most);
    let bytes = Buffer.alloc(Math.min(Math.max(stat.size, FIRST), most) + 1);
    let size = 0;
    for (const begun = performance.now(); ;) {
      const read = readNow(file, bytes, size);
      const isWaiting = read === undefined || (read === 0 && size === 0 && stat.isFIFO());
      if (read === 0 && !isWaiting) return bytes.subarray(0, size);
      if (isWaiting && performance.now() - begun >= patience)
        throw new UnusableFile(
          read === 0 ? "is a pipe that nobody writes to" : `does not end within ${patience / 1000} s`,
        );
      if (isWaiting) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK);
      size += read ?? 0;
      if (size > most) throw tooLarge(most);
      if (size === bytes.length) bytes = Buffer.concat([bytes], Math.min(size * 2, most + 1));
    }
  } finally {
    closeSync(file);
  }
}

/** Why a file could not be read, as the rest of a sentence that begins with its path. */
export function whyUnread(error: unknown): string {
  if (error instanceof UnusableFile) return error.what;
  return `cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`;
}

/** Reads what comes next behind what is there. @returns how many bytes; 0 at the end, and undefined where nothing has come yet */
async function readInto(file: FileHandle, bytes: Buffer, from: number): Promise<number | undefined> {
  try {
    return (await file.read(bytes, from, bytes.length - from, null)).bytesRead;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}

/** As {@link readInto}, at once. */
function readNow(file: number, bytes: Buffer, from: number): number | undefined {
  try {
    return readSync(file, bytes, from, bytes.length - from, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}

function tooLarge(most: number): UnusableFile {
  return new UnusableFile(`is larger than ${most / 1024 / 1024} MiB`);
}
