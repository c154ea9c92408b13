import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { open } from "node:fs/promises";
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
/** Opens at once also a pipe that nobody writes to. Windows has no such flag, and no such pipes. */
const WITHOUT_WAITING = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);
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
  signal?.throwIfAborted();
  const file = await open(path, WITHOUT_WAITING);
  try {
    const stat = await file.stat();
    const gathered = new Gathered(stat, most);
    for (const begun = performance.now(); ;) {
      signal?.throwIfAborted();
      const read = await unlessEmpty(() => file.read(gathered.bytes, gathered.size, gathered.room, null));
      // Of a pipe that is open to write, something may come after any time; of one that nobody has opened yet, only its end is read.
      const isWaiting = gathered.isWaiting(read?.bytesRead);
      if (read?.bytesRead === 0 && isWaiting && performance.now() - begun >= patience)
        throw new UnusableFile("is a pipe that nobody writes to");
      if (isWaiting) await sleep(LOOK, undefined, { signal });
      else if (read?.bytesRead === 0) return gathered.whole();
      gathered.add(read?.bytesRead ?? 0);
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
  const file = openSync(path, WITHOUT_WAITING);
  try {
    const gathered = new Gathered(fstatSync(file), most);
    for (const begun = performance.now(); ;) {
      const read = readNow(file, gathered);
      const isWaiting = gathered.isWaiting(read);
      if (read === 0 && !isWaiting) return gathered.whole();
      if (isWaiting && performance.now() - begun >= patience)
        throw new UnusableFile(
          read === 0 ? "is a pipe that nobody writes to" : `does not end within ${patience / 1000} s`,
        );
      if (isWaiting) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK);
      gathered.add(read ?? 0);
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

/** What has come of a file, and room for more of it. */
class Gathered {
  #bytes: Buffer;
  #size = 0;

  /** @throws UnusableFile where it says itself that it is larger than it may be */
  constructor(
    private readonly stat: Stats,
    private readonly most: number,
  ) {
    if (stat.isFile() && stat.size > most) throw tooLarge(most);
    this.#bytes = Buffer.alloc(Math.min(Math.max(stat.size, FIRST), most) + 1);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  get size(): number {
    return this.#size;
  }

  get room(): number {
    return this.#bytes.length - this.#size;
  }

  /** Whether more may come, where so many bytes were read; undefined where nothing has come yet. */
  isWaiting(read: number | undefined): boolean {
    return read === undefined || (read === 0 && this.#size === 0 && this.stat.isFIFO());
  }

  /** Counts what was read behind the rest. @throws UnusableFile where that is more than it may be */
  add(read: number): void {
    this.#size += read;
    if (this.#size > this.most) throw tooLarge(this.most);
    if (this.room === 0) this.#bytes = Buffer.concat([this.#bytes], Math.min(this.#size * 2, this.most + 1));
  }

  whole(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** What a reading gives; undefined where nothing has come yet. */
async function unlessEmpty<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    return undefinedIfEmpty(error);
  }
}

/** As {@link unlessEmpty}, at once. */
function readNow(file: number, { bytes, size, room }: Gathered): number | undefined {
  try {
    return readSync(file, bytes, size, room, null);
  } catch (error) {
    return undefinedIfEmpty(error);
  }
}

/** @throws what went wrong, where it is not that nothing has come yet */
function undefinedIfEmpty(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
  throw error;
}

function tooLarge(most: number): UnusableFile {
  return new UnusableFile(`is larger than ${most / 1024 / 1024} MiB`);
}
