import { lstatSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import * as v from "valibot";
import { UserError } from "../../errors";
import { ignoredFolder, writeWholePrivateFile } from "../../private-files";
import { startOf } from "./processes";

/** How long a command is waited for that seems to work on the cluster, in milliseconds; after it, it counts as ended. */
const STALE = 15_000;

const schema = v.object({ pid: v.pipe(v.number(), v.integer(), v.minValue(1)), started: v.optional(v.string()) });

/**
 * Runs something while no other command starts or stops the cluster of a folder. A command that was killed on its way keeps nobody out:
 * which process works on the cluster stands in the folder.
 *
 * @param options `evenUnwritable`: also where the disk is full or read-only, so that nobody can be kept out
 * @throws UserError where another one does
 */
export async function exclusively<T>(
  folder: string,
  work: () => Promise<T>,
  { evenUnwritable = false }: { readonly evenUnwritable?: boolean } = {},
): Promise<T> {
  const releases: (() => Promise<void>)[] = [];
  try {
    try {
      ignoredFolder(folder);
      releases.push(await take(folder));
      writeWholePrivateFile(holderFile(folder), JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
    } catch (error) {
      if (!evenUnwritable || !takesNothing(error)) throw error;
    }
    return await work();
  } finally {
    for (const release of releases) {
      rmSync(holderFile(folder), { force: true });
      // Where the folder was removed meanwhile, there is nothing left to let go of.
      await release().catch(() => undefined);
    }
  }
}

/** Whether an error says that a file system takes nothing more, whoever asks. */
function takesNothing(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");
}

async function take(folder: string): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt += 1) {
    const before = identityOf(lockOf(folder));
    try {
      return await lock(folder, {
        stale: STALE,
        update: 3000,
        retries: { retries: attempt === 0 ? 2 : 0, minTimeout: 500 },
        // The folder was removed meanwhile: the work goes on, and says itself what it misses.
        onCompromised: () => undefined,
      });
    } catch (error) {
      const holder = holderOf(folder);
      if (attempt > 3 || holder === undefined || isAlive(holder)) throw refusal(folder, holder?.pid, error);
      if (before !== undefined && identityOf(lockOf(folder)) === before) remove(lockOf(folder));
    }
  }
}

/** Why a lock was not taken: whoever holds it, or what stands in its place, or what the file system says. */
function refusal(folder: string, pid: number | undefined, error: unknown): unknown {
  const at = lockOf(folder);
  const { code } = error as NodeJS.ErrnoException;
  const found = lstatSync(at, { throwIfNoEntry: false });
  // A lock is an empty folder, which is taken away once it is old.
  if ((found && !found.isDirectory()) || code === "ENOTEMPTY")
    return UserError.at(at, "stands where a command keeps the others out, and is no lock; remove it", "locked");
  if (code !== "ELOCKED") return error;
  const who = pid === undefined ? "another cdk-nomad" : `another cdk-nomad, process ${pid},`;
  return UserError.at(
    folder,
    `${who} starts or stops this cluster right now; wait for it, or try again in ${STALE / 1000} s`,
    "locked",
  );
}

function holderFile(folder: string): string {
  return join(folder, "command.json");
}

/** The folder that proper-lockfile makes. */
function lockOf(folder: string): string {
  return `${folder}.lock`;
}

function identityOf(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.birthtimeMs}`;
}

type Holder = v.InferOutput<typeof schema>;

function holderOf(folder: string): Holder | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(readFileSync(holderFile(folder), "utf8")));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  const now = startOf(pid);
  return now !== undefined && (started === undefined || now === started);
}

/** Takes the lock of a process away that has ended. Of several that try, one moves it. */
function remove(lockFolder: string): void {
  const moved = `${lockFolder}.${process.pid}`;
  try {
    renameSync(lockFolder, moved);
  } catch {
    return;
  }
  rmSync(moved, { recursive: true, force: true });
}
