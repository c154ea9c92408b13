import { existsSync, lstatSync, readFileSync, renameSync, rmSync } from "node:fs";
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
 * @throws UserError where another one does
 */
export async function exclusively<T>(folder: string, work: () => Promise<T>): Promise<T> {
  ignoredFolder(folder);
  const release = await take(folder);
  try {
    writeWholePrivateFile(holderFile(folder), JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
    return await work();
  } finally {
    rmSync(holderFile(folder), { force: true });
    // Where the folder was removed meanwhile, there is nothing left to let go of.
    await release().catch(() => undefined);
  }
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
    } catch {
      const holder = holderOf(folder);
      if (attempt > 3 || holder === undefined || isAlive(holder)) throw refusal(folder, holder?.pid);
      if (before !== undefined && identityOf(lockOf(folder)) === before) remove(lockOf(folder));
    }
  }
}

function refusal(folder: string, pid: number | undefined): UserError {
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
  const found = existsSync(path) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
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
